"""How the keys of services begin, each as its service documents it: a key says of itself that it is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_W: Final = r"[\w-]"
# A quantifier that gives nothing back (`}+`) keeps the time in proportion to the text: no run is read twice.
BEGINNINGS: Final[dict[str, str]] = {
    "OpenAI, Anthropic, OpenRouter, Langfuse, Stripe, Alibaba": rf"(?:sk|pk|rk)[-_]{_W}{{16,}}+(?:\.{_W}{{16,}}+)?",
    "Stripe, webhooks": r"whsec_[A-Za-z0-9+/=]{20,}+",
    "GitHub": r"gh[oprsu]_\w{20,}+|github_pat_\w{20,}+",
    "GitLab": rf"gl(?:pat|rt|dt|cbt|ptt|ft|soat|agent|imt)-{_W}{{16,}}+",
    "Slack": rf"xox[abeoprs]-{_W}{{10,}}+|xapp-{_W}{{20,}}+",
    "LangSmith": r"lsv2_(?:pt|sk)_\w{16,}+",
    "AWS": r"A(?:KI|SI|BI|CC)A[A-Z0-9]{16}",
    "Google": rf"AIza{_W}{{30,}}+|ya29\.[\w.-]{{16,}}+|GOCSPX-{_W}{{16,}}+",
    "Hugging Face": r"(?:hf|api_org)_[A-Za-z0-9]{20,}+",
    "npm": r"npm_[A-Za-z0-9]{20,}+",
    "PyPI": rf"pypi-{_W}{{40,}}+",
    "RubyGems": r"rubygems_[0-9a-f]{40,}+",
    "SendGrid": rf"SG\.{_W}{{16,}}+\.{_W}{{16,}}+",
    "Mailgun": r"key-[0-9a-f]{32}",
    "Mailchimp": r"[0-9a-f]{32}-us\d{1,2}",
    "Brevo": rf"xkeysib-{_W}{{40,}}+",
    "Groq": r"gsk_[A-Za-z0-9]{30,}+",
    "xAI": r"xai-[A-Za-z0-9]{30,}+",
    "Perplexity": r"pplx-[A-Za-z0-9]{30,}+",
    "Replicate": r"r8_[A-Za-z0-9]{30,}+",
    "Fireworks": r"fw_[A-Za-z0-9]{20,}+",
    "Tavily": rf"tvly-{_W}{{20,}}+",
    "Pinecone": r"pcsk_\w{30,}+",
    "Databricks": r"dapi[0-9a-f]{32}(?:-\d)?",
    "HashiCorp": rf"hv[bsr]\.{_W}{{20,}}+",
    "Docker": rf"dckr_(?:pat|oat)_{_W}{{20,}}+",
    "DigitalOcean": r"do[opr]_v1_[0-9a-f]{40,}+",
    "Telegram": rf"\d{{8,10}}:AA{_W}{{33}}",
    "Twilio": r"(?:SK|AC)[0-9a-f]{32}",
    "Shopify": r"shp(?:at|ca|pa|ss|tka)_[0-9A-Fa-f]{32,}+",
    "Square": rf"sq0[a-z]{{3}}-{_W}{{20,}}+|EAAA{_W}{{50,}}+",
    "Atlassian": r"ATATT3[\w=-]{50,}+",
    "Linear": r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}+",
    "Notion": r"ntn_[A-Za-z0-9]{30,}+|secret_[A-Za-z0-9]{40,}+",
    "Figma": rf"fig[dou]_{_W}{{30,}}+",
    "Airtable": r"pat[A-Za-z0-9]{14}\.[0-9a-f]{40,}+",
    "Grafana": rf"gl(?:sa|c)_{_W}{{30,}}+",
    "Sentry": rf"sntry[su]_{_W}{{30,}}+",
    "New Relic": r"NR(?:AK|II|JS)-[A-Za-z0-9]{20,}+",
    "Postman": r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "Supabase": r"sb(?:p|_secret|_publishable)_\w{20,}+",
    "PlanetScale": rf"pscale_(?:tkn|pw|oauth)_{_W}{{30,}}+",
    "Netlify": r"nf[cpu]_[A-Za-z0-9]{30,}+",
    "Heroku": rf"HRKU-{_W}{{30,}}+",
    "Doppler": r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}+",
    "Dropbox": rf"sl\.{_W}{{60,}}+",
    "Buildkite": r"bk(?:ua|aj)_[0-9a-f]{30,}+",
    "Sourcegraph": r"sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}",
    "1Password": r"ops_eyJ[\w=-]{100,}+",
    "age": r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    "EasyPost": r"EZ[AT]K[A-Za-z0-9]{50,}+",
    "Contentful, Typeform": rf"CFPAT-{_W}{{40,}}+|tfp_{_W}{{40,}}+",
    "Cerebras": r"csk-[A-Za-z0-9]{40,}+",
    "NVIDIA": rf"nvapi-{_W}{{40,}}+",
    "Voyage": rf"pa-{_W}{{40,}}+",
    "Jina": r"jina_[A-Za-z0-9]{40,}+",
    "LlamaCloud": r"llx-[A-Za-z0-9]{40,}+",
    "E2B": r"e2b_[0-9a-f]{40,}+",
    "Firecrawl": r"fc-[0-9a-f]{32}",
    "RunPod": r"rpa_[A-Za-z0-9]{40,}+",
    "HubSpot": r"pat-(?:na|eu|ap)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Mapbox": rf"(?:sk|pk|tk)\.eyJ{_W}{{20,}}+\.{_W}{{16,}}+",
    "MongoDB": rf"mdb_sa_(?:sk|id)_{_W}{{20,}}+",
    "Neon": r"napi_[A-Za-z0-9]{40,}+",
    "Render": r"rnd_[A-Za-z0-9]{20,}+",
    "Fly": r"fm\d[a-z]?_[\w+/=-]{40,}+",
    "Razorpay": r"rzp_(?:live|test)_[A-Za-z0-9]{14,}+",
    "Mercado Pago": r"(?:APP_USR|TEST)-\d{10,20}-\d{6}-[0-9a-f]{32}-\d{5,12}",
    "Alibaba Cloud": r"LTAI[A-Za-z0-9]{12,}+",
    "Tencent Cloud": r"AKID[A-Za-z0-9]{32,}+",
    "Baidu": rf"bce-v3/ALTAK-{_W}{{16,}}+/[0-9a-f]{{40}}",
    "Snyk": rf"snyk_[a-z]{{2,4}}\.\w{{8}}\.{_W}{{40,}}+",
}
"""Service to the form of its keys."""
_KEY: Final = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(BEGINNINGS.values())})(?![A-Za-z0-9])")
_RUN: Final = re.compile(r"[\w.:/+=-]{15,}+")
"""What is as long as the shortest key, and of the signs that keys are made of."""
_DIGIT: Final = re.compile(r"\d")
_ATLAS: Final = re.compile(rf"(?<![\w-]){_W}{{14}}\.atlasv1\.{_W}{{50,}}+(?![A-Za-z0-9])")
"""HashiCorp's of Terraform, whose mark is in the middle."""
_TOKEN: Final = re.compile(rf"(?<![\w-])eyJ{_W}{{8,}}+\.{_W}{{8,}}+(?:\.{_W}*+)?")  # a JSON web token
_HOOK: Final = re.compile(
    r"https?://(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]{16,}+"
    rf"|(?:\w{{1,20}}\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{{10,}}/{_W}{{20,}}+"
    r"|[\w.-]{1,80}\.webhook\.office\.com/[\w./@%?&=+-]{20,}+"
    r"|chat\.googleapis\.com/v1/spaces/[\w./@%?&=+-]{20,}+)"
)
"""An address that anybody may send to who knows it."""


def keys_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where keys stand that their beginning gives away, and addresses that are keys themselves.

    Example:
        >>> text = "use gsk_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o, not sk-it-is-a-long-name-without-one"
        >>> [text[start:end] for start, end in keys_in(text)]
        ['gsk_0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o']
    """
    if not _DIGIT.search(text):  # a name in a style of words has none
        return
    for mark, rule in (("://", _HOOK), ("", None), (".atlasv1.", _ATLAS), ("eyJ", _TOKEN)):
        for found in () if mark not in text else _begun(text) if rule is None else rule.finditer(text):
            if _DIGIT.search(found[0]):
                yield found.span()


def _begun(text: str) -> Iterator[re.Match[str]]:
    for run in _RUN.finditer(text):
        if _DIGIT.search(text, run.start(), run.end()):
            yield from _KEY.finditer(text, run.start(), run.end())
