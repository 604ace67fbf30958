"""NoneBot: who registers hooks, and which plugin runs what."""

from __future__ import annotations

from framework_wiring import find_names, find_reached, wire

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.frameworks.nonebot import NoneBot

BOT = "import nonebot\nnonebot.init()\n"
PLUGIN = "from nonebot import on_command\n"


def test_bot_and_packages_of_plugins_register() -> None:
    files = {
        "bot.py": f"{BOT}driver = nonebot.get_driver()\n",
        "plugins/one.py": f"{PLUGIN}import nonebot\ndriver = nonebot.get_driver()\n",
        "plugins/two/__init__.py": PLUGIN,
        "plugins/three/__init__.py": "from nonebot import get_driver\nd = get_driver()\n",
        "plugins/four/__init__.py": "import nonebot.plugins\n",
    }
    assert find_names(NoneBot(), files) == [
        "bot.py:3 driver",
        "plugins/three/__init__.py:2 d",
        "plugins/two/__init__.py:1 nonebot",
    ]


def test_first_driver_registers_where_there_is_no_bot() -> None:
    text = f"{PLUGIN}import nonebot\ndriver = nonebot.get_driver()\n"
    files = {"a.py": text.replace("driver =", "config ="), "b.py": text, "c.py": PLUGIN}
    assert find_names(NoneBot(), files) == ["a.py:3 config"]


def test_init_of_something_else_is_no_bot() -> None:
    assert find_names(NoneBot(), {"bot.py": "import nonebot\nimport db\ndb.init()\n"}) == []


def test_bot_runs_plugins_that_are_modules_and_a_package_runs_itself() -> None:
    files = {
        "bot.py": BOT,
        "plugins/one.py": f"{PLUGIN}import shared\n",
        "plugins/two/__init__.py": PLUGIN,
        "plugins/two/api.py": "",
        "shared.py": "",
        "unused.py": "",
    }
    assert find_reached(NoneBot(), files) == ["bot.py", "plugins/one.py", "shared.py"]
    assert find_reached(NoneBot(), {path: text for path, text in files.items() if path != "bot.py"}) == [
        "plugins/two/__init__.py",
        "plugins/two/api.py",
    ]


def test_hooks_are_registered_at_the_driver_as_the_module_spells_it() -> None:
    package = {"shop/__init__.py": ""}
    for text, driver in [
        ("import shop, nonebot\nnonebot.init()\nd = nonebot.get_driver()\n", "d"),
        ("import shop, nonebot\nnonebot.init()\n", "nonebot.get_driver()"),
        ("import shop\nfrom nonebot import init\ninit()\n", "get_driver()"),
    ]:
        hooks = f"after: {driver}.on_startup(open_http_pools)\n{driver}.on_shutdown(close_http_pools)\n"
        assert wire(NoneBot(), {**package, "shop/bot.py": text}) == [hooks]


def test_bot_does_not_import_a_plugin_before_it_is_loaded() -> None:
    files = {
        "bot.py": f"{BOT}nonebot.load_plugin('shop')\n",
        "shop/__init__.py": f"{PLUGIN}from shop import api\n",
        "shop/api.py": "",
    }
    assert wire(NoneBot(), files) is RefusalReason.NO_IMPORT_PATH
