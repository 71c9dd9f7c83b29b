"""What Sphinx wants to know; `website.build` calls it."""

from chatmon import __version__

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
html_show_sphinx = False
html_domain_indices = False
html_show_search_summary = False  # it is fetched, which browsers forbid to pages from a disk
html_theme_options = {"source_edit_link": ""}
templates_path = ["templates"]
nb_execution_mode = "off"  # the committed outputs are the lesson's
nb_merge_streams = True
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
napoleon_use_rtype = False
napoleon_use_ivar = True  # beside the members, which autodoc lists
suppress_warnings = ["ref.python"]  # a short name of two classes in two rooms
