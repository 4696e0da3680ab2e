import subprocess
from typing import Any

import pytest
from django.conf import settings as house

from config import roles
from config.demo import model
from tests.house import free_port


@pytest.mark.services
def test_the_service_answers_the_real_adapter_with_the_token_of_this_demo(settings: Any) -> None:
    told = model.environment(free_port())
    settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = told["ANTHROPIC_API_KEY"], told["ANTHROPIC_BASE_URL"]
    child = model.service()
    with subprocess.Popen(child.command, cwd=house.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == f"ANTHROPIC_BASE_URL={told['ANTHROPIC_BASE_URL']}\n"
        assert child.watch.look().value == "fine"
        process.kill()


def test_it_stands_in_the_repository_and_gets_no_secret() -> None:
    assert model.is_here()
    assert not [name for name, known in roles.SECRETS.items() if model.ROLE in known]
