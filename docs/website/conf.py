"""What Sphinx wants to know; `website.build` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatmon import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "chatmon"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "chatmon"
smartquotes = False  # SQL and Python in a help text stay what one can type
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("search.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = html_show_copyright = False
html_domain_indices = False
html_use_index = False  # the search finds a name sooner
html_show_search_summary = False  # it is fetched, which browsers forbid to pages from a disk
nb_execution_mode = "off"  # the committed outputs are the lesson's
nb_merge_streams = True
myst_heading_anchors = 4
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
napoleon_use_rtype = False
napoleon_use_ivar = True  # beside the members, which autodoc lists
suppress_warnings = ["ref.python"]  # a short name of two classes in two rooms


def setup(app: Sphinx) -> None:
    """Mend on each page what a keyboard or a screen reader would miss."""
    app.connect("html-page-context", _for_everyone, priority=900)  # behind the theme, which makes the list of pages


def _for_everyone(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    for name, mends in MENDS.items():
        for was, mended in mends.items():
            context[name] = (context.get(name) or "").replace(was, mended)


MENDS = {
    "furo_navigation_tree": {'role="heading"': 'role="heading" aria-level="2"'},
    "body": {
        "<pre>": '<pre tabindex="0">',
        '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
        "</strong> -- ": "</strong> \N{EN DASH} ",
        "</em>) -- ": "</em>) \N{EN DASH} ",
        '<div class="output text_html': '<div tabindex="0" class="output text_html',
    },
}
"""What scrolls can be reached by the keyboard, a heading has a level, and what stands for a dash is one."""
