"""Client messages by mail, through Django's mail backends: files on this machine, or SMTP."""
