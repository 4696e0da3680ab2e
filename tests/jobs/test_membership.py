"""Rights by membership."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from jobs import membership, rights
from tests.jobs.people import PASSWORD, person

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    """The person as the next request sees them."""
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("", rights.of([])),
        ("read-only", {rights.READ}),
        ("reviewer", {rights.READ, rights.DECIDE}),
        ("owner", rights.ALL),
    ],
)
def test_a_person_may_what_their_group_may(group: str, may: set[str]) -> None:
    user = person(group)
    assert {right for right in rights.ALL if user.has_perm(right)} == set(may)
    assert user.has_perm("auth.change_user") is user.has_module_perms("auth") is (group == "owner")


def test_a_superuser_is_an_owner_without_a_group() -> None:
    user = User.objects.create_superuser("chief")
    assert membership.is_owner(user)
    assert all(user.has_perm(right) for right in rights.ALL)


def test_a_closed_account_may_nothing() -> None:
    user = person("owner")
    User.objects.update(is_active=False)
    assert not any(again(user).has_perm(right) for right in rights.ALL)
    assert not membership.ByGroup().has_module_perms(again(user), "jobs")
    assert membership.ByGroup().get_user(user.pk) is None


def test_what_is_given_to_a_person_alone_counts_too() -> None:
    user = person("read-only")
    user.user_permissions.add(Permission.objects.get(codename="change_trigger"))
    assert again(user).has_perm(rights.CHANGE_RULES)
    assert not again(user).has_perm(rights.DECIDE)


def test_a_right_that_is_withdrawn_is_gone_at_once() -> None:
    user = person("reviewer")
    assert user.has_perm(rights.DECIDE)
    user.groups.clear()
    assert not again(user).has_perm(rights.DECIDE)


def test_a_session_costs_one_query_with_its_preference() -> None:
    user = person("owner")
    with CaptureQueriesContext(connection) as queries:
        found = membership.ByGroup().get_user(user.pk)
        assert found == user
        assert getattr(found, "preference", None) is None
    assert len(queries) == 1


def test_a_session_brings_the_rights_along() -> None:
    user = person("reviewer")
    user.groups.add(Group.objects.create(name="bakers"))
    user.groups.get(name="bakers").permissions.add(Permission.objects.get(codename="change_client"))
    user.user_permissions.add(Permission.objects.get(codename="change_trigger"))
    found = membership.ByGroup().get_user(user.pk)
    assert found
    with CaptureQueriesContext(connection) as queries:
        may = {right for right in rights.ALL if found.has_perm(right)}
        assert membership.groups_of(found) == {"reviewer", "bakers"}
        assert found.has_module_perms("jobs")
        assert not found.has_module_perms("auth")
    assert may == {rights.READ, rights.DECIDE, rights.CHANGE_RULES, rights.CHANGE_CLIENTS}
    assert len(queries) == 0


def test_passwords_are_asked_as_django_does() -> None:
    user = person("reviewer")
    assert membership.ByGroup().authenticate(None, username=user.username, password=PASSWORD) == user
    assert membership.ByGroup().authenticate(None, username=user.username, password="wrong") is None


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_the_groups_and_puts_present_people_into_them() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("jobs", "0018_allowances_and_meters")])
    try:
        chief = User.objects.create_superuser("chief")
        partner = User.objects.create_user("partner")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert [group.name for group in chief.groups.all()] == ["owner"]
    assert [group.name for group in partner.groups.all()] == ["reviewer"]
