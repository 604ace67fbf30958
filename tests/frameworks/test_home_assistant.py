"""Home Assistant: what is an integration, and whose code it is."""

from __future__ import annotations

from framework_wiring import find_names, find_reached, wire

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.frameworks.home_assistant import HomeAssistant

SETUP = "from homeassistant.core import HomeAssistant\nasync def async_setup_entry(hass, entry): pass\n"
FILES = {
    "custom_components/shop/__init__.py": SETUP,
    "custom_components/shop/sensor.py": "import helper\n",
    "custom_components/shop/api/client.py": "",
    "custom_components/other/__init__.py": "",
    "shop/__init__.py": SETUP,
}


def test_integration_is_set_up_in_its_package() -> None:
    assert find_names(HomeAssistant(), FILES) == ["custom_components/shop/__init__.py:2 async_setup_entry"]


def test_platforms_of_an_integration_are_loaded_by_name() -> None:
    assert find_reached(HomeAssistant(), FILES) == [
        "custom_components/shop/__init__.py",
        "custom_components/shop/api/client.py",
        "custom_components/shop/sensor.py",
    ]


def test_client_of_the_host_is_to_be_used() -> None:
    assert wire(HomeAssistant(), FILES) is RefusalReason.HOST_OFFERS
