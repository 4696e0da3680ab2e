"""The context of a person's account."""

import pytest
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User

from jobs.inbox.account_pages import password_form

pytestmark = pytest.mark.django_db


def test_the_old_password_is_asked_of_whoever_has_one(owner: User) -> None:
    assert isinstance(password_form(owner, None), PasswordChangeForm)
    owner.set_unusable_password()
    assert not isinstance(password_form(owner, None), PasswordChangeForm)
