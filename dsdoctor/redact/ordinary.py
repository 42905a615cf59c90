"""Names that identify nobody, and so stay: ``node-1``, ``localhost``, ``root``, pytorch.org."""

from __future__ import annotations

import re

_ROLE = re.compile(
    rb"(?i)(?:node|worker|host|rank|gpu|compute|head|master|launcher|trainer|dgx|ip|email|user|mac|pod|"
    rb"server|client|job|container|machine|slave|chief|ps|gpu-uuid|serial)[-_]?\d{0,5}"
)
_NO_HOSTS = frozenset(
    b"localhost none null true false auto static c10d default unknown all any self ip6-localhost "
    b"nodes hosts host hostname node localhost4 localhost6 the this that is not was on in of an at "
    b"and or to for from with name ssh pdsh srun mpirun error warning info slots local".split()
)
_NO_USERS = frozenset(
    b"user users root ubuntu nobody runner jovyan ec2-user opc centos debian admin app git me you "
    b"username name none null true false pdsh shared data public default guest vagrant azureuser "
    b"container docker mambauser conda node anonymous system daemon unknown user-name".split()
)
_WORDS = frozenset(
    b"model models train training trainer data dataset datasets test tests torch python cuda nccl "
    b"deepspeed code work home project projects scratch cache logs jobs main admin hugging "
    b"huggingface research team base lib local share step epoch rank loss gradient error info "
    b"warning debug config batch zero stage optimizer version build runs lora llama bert "
    b"redacted token password secret cookie serial email session docker azure parameter random "
    b"world-info entropy credentials webhook authorization kubernetes adam adamw lamb lion muon "
    b"adagrad warmup scheduler offload param params world size accelerate".split()
)
_PUBLIC = re.compile(
    rb"(?i)(?:[a-z0-9-]{1,63}\.){0,5}(?:pytorch\.org|huggingface\.co|hf\.co|github\.com|github\.io|gitlab\.com|"
    rb"githubusercontent\.com|nvidia\.com|deepspeed\.ai|wandb\.ai|pypi\.org|pythonhosted\.org|"
    rb"python\.org|readthedocs\.io|readthedocs-hosted\.com|microsoft\.com|google\.com|"
    rb"googleapis\.com|gstatic\.com|pydantic\.dev|stackoverflow\.com|arxiv\.org|openai\.com|"
    rb"anthropic\.com|kernel\.org|apache\.org|gnu\.org|anaconda\.(?:org|com)|docker\.(?:com|io)|"
    rb"quay\.io|ghcr\.io|nvcr\.io|slack\.com|discord(?:app)?\.com|example\.(?:com|org|net)|w3\.org|json-schema\.org|"
    rb"tensorflow\.org|numpy\.org|scipy\.org|debian\.org|ubuntu\.com|redhat\.com|intel\.com|"
    rb"amd\.com|mlflow\.org|comet\.com|neptune\.ai|clear\.ml|lightning\.ai|ray\.io|"
    rb"kubernetes\.io|schedmd\.com|open-mpi\.org|mpich\.org|openucx\.org|modelscope\.cn|"
    rb"kaggle\.com|aka\.ms|goo\.gl|bit\.ly|wikipedia\.org|sphinx-doc\.org|sqlalche\.me|"
    rb"jupyter\.org|ninja-build\.org|cmake\.org|llvm\.org|freedesktop\.org|man7\.org|s3\.amazonaws\.com)"
)


def is_public(name: bytes) -> bool:
    """A site that everybody may know the job talks to."""
    return bool(_PUBLIC.fullmatch(name))


def is_ordinary_host(name: bytes) -> bool:
    """A role with a number, or the machine itself; ``name`` is the first label of a host."""
    return name.lower() in _NO_HOSTS or bool(_ROLE.fullmatch(name))


def is_ordinary_user(name: bytes) -> bool:
    """An account that many machines have."""
    return name.lower() in _NO_USERS or bool(
        re.fullmatch(rb"(?i)(?:user|node|ip|email|mac|serial|gpu-uuid)-?\d{0,7}|-?\d{1,9}", name)
    )


def is_telling(name: bytes) -> bool:
    """So much a name that it can be replaced wherever it stands, and no other word is hit."""
    return len(name) >= 4 and name.lower() not in _WORDS and not name.isdigit()
