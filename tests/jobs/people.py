"""People of each group."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client as Browser

PASSWORD = "a long enough password"


def person(group: str = "", name: str = "", **columns: Any) -> User:
    """A new person in this group; in none without one."""
    user = User.objects.create_user(name or f"a-{group or 'nobody'}", password=PASSWORD, **columns)
    if group:
        user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


def browser_of(user: User) -> Browser:
    """A browser in which this person has logged in."""
    browser = Browser()
    browser.force_login(user)
    return browser
