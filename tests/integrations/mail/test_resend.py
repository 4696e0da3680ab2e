"""How its mail is read is tested through the webhook, in tests/integrations/test_mail_views.py."""

import os
import subprocess
import sys

from tests.house import ROOT

_LOAD_ALL_ADDRESSES = "import sys, django; django.setup(); import config.urls; print(*sys.modules)"


def test_what_one_provider_alone_needs_is_not_loaded_with_the_web() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "NIGHTDESK_ROLE": "test"}
    command = [sys.executable, "-c", _LOAD_ALL_ADDRESSES]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "integrations.mail.esp" in loaded
    assert not loaded & {"svix", "boto3", "botocore"}
