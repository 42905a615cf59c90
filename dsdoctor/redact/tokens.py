"""Secrets that are known by their own shape, whoever issued them."""

from __future__ import annotations

import base64
import binascii
import re

from dsdoctor.redact.chance import is_random, mixed
from dsdoctor.redact.detector import Detector, detector, secret_of

# no letter before it, unless it ends a colour: "\x1b[31m"
_START = rb"(?:(?<![A-Za-z0-9])|(?<=[\d\[]m))"


def _mixed(match: re.Match[bytes]) -> bool:
    return mixed(secret_of(match))


def _random_or_long(match: re.Match[bytes]) -> bool:
    value = secret_of(match)
    return is_random(value) or (len(value) >= 40 and mixed(value))


def _not_a_commit(match: re.Match[bytes]) -> bool:
    return not re.search(rb"(?i)commit|sha|git|rev|hash", match[0][:-40])


def _credentials(match: re.Match[bytes]) -> bool:
    """A user's name alone is no secret; names.py replaces it."""
    value = match["s"]
    return b":" in value.strip(b":") or (len(value) >= 16 and mixed(value))


def _basic(match: re.Match[bytes]) -> bool:
    try:
        return b":" in base64.b64decode(match["s"] + b"==")
    except binascii.Error:
        return False


_PARAMETERS = (
    rb"x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|signature|"
    rb"(?:access_|auth_|id_|refresh_)?token|api_?key|key|auth|password|passwd|secret|code"
)

TOKENS: tuple[Detector, ...] = (
    detector(
        "huggingface-token",
        "hf_ api_org_",
        rb"(?:hf_|api_org_)(?:(?!hf_|api_org_)[A-Za-z0-9]){20,200}",
    ),
    detector("wandb-key", "wandb_v1_", rb"wandb_v1_[A-Za-z0-9_]{20,250}"),
    detector(
        "wandb-key",
        "wandb",
        rb"(?i)wandb[^\n]{0,200}?(?<![0-9a-f])(?P<s>[0-9a-f]{40})(?![0-9a-f])",
        _not_a_commit,
    ),
    detector("anthropic-key", "sk-ant-", rb"sk-ant-[A-Za-z0-9_-]{16,250}"),
    detector("openai-key", "sk-", _START + rb"sk-[A-Za-z0-9_-]{20,250}", _mixed),
    detector(
        "aws-access-key",
        "akia asia abia acca aroa aida",
        rb"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    detector(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        rb"gh[pousr]_(?:(?!gh[pousr]_)[A-Za-z0-9]){20,255}",
    ),
    detector("github-token", "github_pat_", rb"github_pat_[A-Za-z0-9_]{20,255}"),
    detector(
        "gitlab-token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- glimt-",
        rb"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt)-[A-Za-z0-9_.-]{16,300}",
    ),
    detector("google-key", "aiza", rb"AIza[A-Za-z0-9_-]{30,60}"),
    detector("google-token", "ya29. gocspx-", rb"(?:ya29\.|GOCSPX-)[A-Za-z0-9_-]{20,1000}"),
    detector(
        "azure-secret",
        "8q~ 7q~",
        rb"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,37}",
        _random_or_long,
    ),
    detector("slack-token", "xox xapp-", rb"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,250}"),
    detector(
        "webhook",
        "hooks.slack.com/ /api/webhooks/ webhook.office.com/",
        rb"(?i)(?:hooks\.slack\.com/[a-z]{1,20}|discord(?:app)?\.com/api/webhooks"
        rb"|webhook\.office\.com/webhookb2)/(?P<s>[A-Za-z0-9/_+@-]{20,300})",
    ),
    detector(
        "stripe-key",
        "k_live_ k_test_ whsec_",
        rb"(?:[srp]k_(?:live|test)_|whsec_)[A-Za-z0-9]{10,250}",
    ),
    detector("npm-token", "npm_", rb"npm_[A-Za-z0-9]{30,200}"),
    detector("pypi-token", "pypi-", rb"pypi-[A-Za-z0-9_-]{40,500}"),
    detector("docker-token", "dckr_pat_ dckr_oat_", rb"dckr_[po]at_[A-Za-z0-9_-]{20,200}"),
    detector("docker-auth", '"auth"', rb'"auth"\s{0,4}:\s{0,4}"(?P<s>[A-Za-z0-9+/=]{8,4096})"'),
    detector("neptune-token", "eyjhcglf", _START + rb"eyJhcGlf[A-Za-z0-9+/=_-]{20,4096}"),
    detector(
        "jwt",
        "eyj",
        _START
        + rb"eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,8192}(?:\.[A-Za-z0-9_-]{0,4096}){0,3}",
    ),
    detector("databricks-token", "dapi", rb"dapi[0-9a-f]{32}(?:-\d)?"),
    detector(
        "ssh-key",
        "aaaa",
        rb"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9]{1,20}) "
        rb"(?P<s>AAAA[A-Za-z0-9+/]{40,4096}={0,2})",
    ),
    detector("sendgrid-key", "sg.", rb"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"),
    detector(
        "twilio-key",
        " ".join(f"sk{digit}" for digit in "0123456789abcdef"),
        _START + rb"SK[0-9a-f]{32}(?![0-9a-f])",
    ),
    detector("telegram-token", ":aa", rb"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,40}"),
    detector("mailgun-key", "key-", _START + rb"key-[0-9a-f]{32}"),
    detector("digitalocean-token", "dop_v1_ doo_v1_", rb"do[op]_v1_[0-9a-f]{40,80}"),
    detector("vault-token", "hvs. hvb.", rb"hv[sb]\.[A-Za-z0-9_-]{20,400}"),
    detector("nvidia-key", "nvapi-", rb"nvapi-[A-Za-z0-9_-]{20,200}"),
    detector(
        "model-provider-key",
        "gsk_ r8_ pplx- lsv2_ kgat_ xai- fw_ co_ tgp_v1_",
        _START + rb"(?:gsk_|r8_|pplx-|lsv2_(?:pt|sk)_|KGAT_|xai-|tgp_v1_)[A-Za-z0-9_-]{20,200}",
        _mixed,
    ),
    detector("tailscale-key", "tskey-", rb"tskey-[a-z]{1,12}-[A-Za-z0-9-]{16,100}"),
    detector("age-key", "age-secret-key-", rb"AGE-SECRET-KEY-1[A-Z0-9]{30,100}"),
    detector("url-credentials", "://", rb"://(?P<s>[^\s/\"'<>]{1,300})@(?=[^\s@]|$)", _credentials),
    detector(
        "url-parameter",
        "token= key= sig= signature= credential= auth= password= passwd= secret= code=",
        rb"(?i)[?&;](?:" + _PARAMETERS + rb")=(?P<s>[^&\s\"'<>#;)\]]{6,4096})",
        _mixed,
    ),
)

HEADERS: tuple[Detector, ...] = (
    detector(
        "bearer-token", "bearer", rb"(?i)bearer[ \t:]{1,4}(?P<s>[A-Za-z0-9._~+/=-]{8,4096})", _mixed
    ),
    detector(
        "basic-auth", "basic", rb"(?i)basic[ \t]{1,4}(?P<s>[A-Za-z0-9+/]{8,4096}={0,2})", _basic
    ),
    detector(
        "authorization",
        "authorization",
        rb"(?i)authorization\\{0,3}[\"']?\s{0,3}[:=]\s{0,3}\\{0,3}[\"']?"
        rb"(?:[a-z]{4,12}[ \t]{1,4})?(?P<s>[^\s\"',<>\\]{8,4096})",
        _mixed,
    ),
    detector(
        "cookie",
        "cookie",
        rb"(?i)cookie\\{0,3}[\"']?\s{0,3}:\s{0,3}\\{0,3}[\"']?(?P<s>[^\s=\"'<>]{1,128}=[^\r\n\"'<>\\]{4,4096})",
    ),
    detector(
        "cookie",
        "sessid sessionid csrf xsrf",
        rb"(?i)(?:jsessionid|phpsessid|sessionid|csrf_?token|_xsrf)=(?P<s>[^;\s\"'<>]{6,512})",
    ),
    detector(
        "netrc-password",
        "password",
        rb"(?i)(?:^\s{1,8}|login \S{1,100}\s{1,4})password[ \t]{1,4}(?P<s>[^\s<]{6,256})",
        _mixed,
    ),
    detector(
        "command-password",
        "sshpass login mysql",
        rb"(?:sshpass|(?:docker|podman|helm registry) login[^\n]{0,200}?|mysql[^\n]{0,200}?)"
        rb" -p[ =]?(?P<s>[^\s<\"']{4,256})",
    ),
    detector(
        "command-password",
        "curl wget",
        rb"(?:curl|wget)[^\n]{0,200}? (?:-u|--user)[ =]?(?P<s>[^\s<\"':]{1,64}:[^\s<\"']{3,256})",
    ),
    detector(
        "password", "\"pass\" 'pass'", rb"[\"']pass[\"']\s{0,2}:\s{0,2}[\"'](?P<s>[^\"'<\n]{4,256})"
    ),
)
