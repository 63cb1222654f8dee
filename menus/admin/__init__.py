"""Where staff edit menus. The restaurant of a section or dish follows from the menu and is asked for nowhere else."""

from menus.admin import dish, menu, section  # noqa: F401 - importing registers them
from menus.admin.section import INLINE_DISHES

__all__ = ["INLINE_DISHES"]
