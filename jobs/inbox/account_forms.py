"""What a person may say about their own account."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.inbox import proving


class Zone(forms.Form):
    """The zone whose clock a person reads. `guess` marks what the browser said by itself."""

    zone = forms.CharField(max_length=64, label=gettext_lazy("Time zone"))
    guess = forms.BooleanField(required=False)

    def clean_zone(self) -> str:
        """One that the database of zones has."""
        zone: str = self.cleaned_data["zone"]
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write one such as Europe/Berlin."))
        return zone


class Proof(forms.Form):
    """The password, once more. Wrong ones are counted as at the login."""

    password = forms.CharField(max_length=4_096, strip=False, widget=forms.PasswordInput)

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request, self._user = request, user

    def clean_password(self) -> str:
        """It has to be this person's; who came by a passkey proves it by a passkey."""
        given: str = self.cleaned_data["password"]
        if proving.way_of(self._request) == proving.PASSKEY:
            raise forms.ValidationError(_("You came by a passkey: please use it once more."))
        found = authenticate(self._request, username=self._user.get_username(), password=given)
        if found is None or found.pk != self._user.pk:
            raise forms.ValidationError(_("That is not your password."))
        return given
