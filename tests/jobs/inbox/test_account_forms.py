"""What a person may say about their own account."""

from jobs.inbox.account_forms import Zone
from jobs.schedules import zones


def test_the_list_names_places() -> None:
    names = zones()
    assert {"Europe/Berlin", "America/New_York", "UTC"} <= set(names)
    assert "Etc/GMT+3" not in names
    assert list(names) == sorted(names)


def test_every_zone_of_the_list_can_be_chosen() -> None:
    field = Zone().fields["zone"]
    assert [field.clean(name) for name in zones()] == list(zones())
    assert Zone({"zone": zones()[0]}).is_valid()
