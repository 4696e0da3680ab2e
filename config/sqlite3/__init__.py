"""Django's SQLite with one addition: threads of a process take turns to write."""
