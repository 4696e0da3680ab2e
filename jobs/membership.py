"""Rights by membership: what a person's groups give them, by `jobs.rights`. Named in AUTHENTICATION_BACKENDS."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db.models import Aggregate, CharField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.http import HttpRequest

from jobs import rights

if TYPE_CHECKING:
    from django.db.models import Model

    _Somebody = User | AnonymousUser


class ByGroup(ModelBackend):
    """Passwords as Django has them; rights from the table. Whoever is in the group of owners may do everything.

    What is given to a person alone in the engine room counts too; an account that is closed may do nothing.
    """

    def get_user(self, user_id: int) -> User | None:
        """The person with their preference, groups and rights at hand: every page needs them. One read."""
        names = Group.objects.filter(user=OuterRef("pk"))
        given = Permission.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
        codes = Concat("content_type__app_label", Value("."), "codename")
        rows = User.objects.select_related("preference").annotate(
            told_groups=_joined(names, F("name")), told_rights=_joined(given, codes)
        )
        user = rows.filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        vars(user)["_group_names"] = _apart(user.told_groups)
        vars(user)["_given_rights"] = _apart(user.told_rights)
        return user

    def get_group_permissions(self, user_obj: "_Somebody", obj: "Model | None" = None) -> set[str]:
        """What their groups give, by the table and by Django's own rows."""
        given = super().get_group_permissions(user_obj, obj)
        return {*given, *rights.of(groups_of(user_obj))} if obj is None else given

    def get_all_permissions(self, user_obj: "_Somebody", obj: "Model | None" = None) -> set[str]:
        """What they may do by any way; of whoever a session brought, without another read."""
        given: frozenset[str] | None = vars(user_obj).get("_given_rights")
        if given is None or obj is not None or not user_obj.is_active:
            return super().get_all_permissions(user_obj, obj)
        return {*given, *rights.of(groups_of(user_obj))}

    def has_perm(self, user_obj: "_Somebody", perm: str, obj: "Model | None" = None) -> bool:
        """Whether they may do this."""
        return is_owner(user_obj) or super().has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: "_Somebody", app_label: str) -> bool:
        """Whether they may do anything there."""
        return is_owner(user_obj) or super().has_module_perms(user_obj, app_label)


class ByPasskey(ByGroup):
    """Lets in whoever used a passkey that the package behind it has checked; asks for no password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **others: Any
    ) -> User | None:
        """The passkey's person, if their account is open."""
        used = others.get("webauthn_credential")
        user = used.user if used else None
        return user if user is not None and self.user_can_authenticate(user) else None


class _Joined(Aggregate):
    """All values in one, a tab between them: no name of ours and no permission has one."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, '\t')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite calls it by another name."""
        return super().as_sql(compiler, connection, **{**context, "function": "GROUP_CONCAT"})


def _joined(rows: "QuerySet[Any]", value: Any) -> Subquery:
    return Subquery(rows.order_by().annotate(one=Value(1)).values("one").annotate(all=_Joined(value)).values("all"))


def _apart(joined: str | None) -> frozenset[str]:
    return frozenset(joined.split("\t")) if joined else frozenset()


def groups_of(user: "_Somebody") -> frozenset[str]:
    """The names of a person's groups, read once for this object; none for an account that is closed."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    kept = vars(user)
    if "_group_names" not in kept:
        kept["_group_names"] = frozenset(user.groups.values_list("name", flat=True))
    names: frozenset[str] = kept["_group_names"]
    return names


def is_owner(user: "_Somebody") -> bool:
    """Whether they own this house: of the group, or a superuser."""
    return isinstance(user, User) and user.is_active and (user.is_superuser or rights.OWNER in groups_of(user))
