"""Tokens of the API: made here, shown once, revoked here."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from jobs.admin.words import Titled, columns
from jobs.lifecycle import token as verbs
from jobs.models import Token
from jobs.models.token import SCOPES

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Token]
    _Form = forms.ModelForm[Token]
else:
    _Admin = admin.ModelAdmin
    _Form = forms.ModelForm


class TokenForm(_Form):
    """What a token is called, in whose name it acts, and what it may do."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=lambda: [(name, f"{name}: {what}") for name, what in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Token
        fields = ("name", "user", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]  # a choice field


@admin.register(Token)
class TokenAdmin(Titled):
    """Made and revoked, never changed: what was given to a program stays what it was."""

    form = TokenForm
    list_display = columns("name", "user", "may", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    show_full_result_count = False
    readonly_fields = ("created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        """Nobody: a revoked one keeps its name, which the history uses."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens, though no form here does."""
        return request.user.has_perm("jobs.change_token")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """It acts for whoever makes it, unless they say otherwise."""
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        """Make it. Its text lives as long as this request."""
        made = verbs.make(name=obj.name, user=obj.user, scopes=obj.scopes)
        obj.pk, obj.text = made.pk, made.text

    def response_add(self, request: HttpRequest, obj: Token, post_url_continue: str | None = None) -> HttpResponse:
        """Show the text in the answer itself: a redirect would have to keep it somewhere."""
        context = {**self.admin_site.each_context(request), "title": "Token made", "token": obj}
        return TemplateResponse(request, "admin/token_made.html", context)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Token]) -> None:
        """Call the verb for each."""
        for token in tokens:
            said = "Revoked" if verbs.revoke(token) else "Revoked already"
            messages.success(request, f"{said}: {token.name}.")

    @admin.display(description=_("may"))
    def may(self, token: Token) -> str:
        """Its scopes."""
        return ", ".join(token.scopes)
