"""Asserts of the two contracts are explained like those of the tests themselves."""

import pytest

pytest.register_assert_rewrite("tests.integrations.source_contract", "tests.integrations.target_contract")
