"""What makes, moves and removes a checkout of Git, as programs that a transaction runs.

Data reaches the sh texts as arguments only. What speaks to the network or looks into the repository runs as its owner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename, dirname

from reconciler.model.operation import Operation, RunCommand

_GIT = r"""
set -e
command -v git >/dev/null || { echo 'there is no git on this host; install it' >&2; exit 1; }
export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND='ssh -o BatchMode=yes' GIT_ALLOW_PROTOCOL="${PROTOCOL:-none}"
export GIT_AUTHOR_NAME=reconciler GIT_AUTHOR_EMAIL=reconciler@localhost
export GIT_COMMITTER_NAME=reconciler GIT_COMMITTER_EMAIL=reconciler@localhost
safe() {
    git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false -c submodule.recurse=false \
        -c fetch.fsckObjects=true -c transfer.fsckObjects=true "$@"
}
has() { safe cat-file -e "$1^{commit}" 2>/dev/null; }
tagged() { safe rev-parse -q --verify "refs/tags/$1^{commit}"; }
# A server may refuse to give a commit by its name; then all of its branches and tags are asked for.
get() {
    if [ "$3" ]; then
        [ "$(tagged "$3")" = "$2" ] || safe fetch -q --depth=1 --no-tags "$1" "+refs/tags/$3:refs/tags/$3"
        is=$(tagged "$3")
        [ "$is" = "$2" ] || { echo "the tag $3 is at $is and not at $2: somebody has moved it" >&2; exit 1; }
    elif ! has "$2"; then
        safe fetch -q --depth=1 --no-tags "$1" "$2" 2>/dev/null ||
            safe fetch -q "$1" '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
        has "$2" || { echo "$1 has no commit $2" >&2; exit 1; }
    fi
    # Git forgets in time what nothing names, and a way back should not need the network.
    safe update-ref "refs/reconciler/$2" "$2"
}
"""
_PREPARE = r"""
set -e
[ ! -e "$1" ] && [ ! -L "$1" ] || { echo "$PWD/$1 is there already" >&2; exit 1; }
rm -rf -- "$2"
mkdir -- "$2"
[ -z "$3" ] || chown -h -- "$3" "$2"
"""
_CLONE = (
    _GIT
    + r"""
git init -q --template= .
git remote add origin "$1"
get "$1" "$2" "$3"
safe checkout -q -f --detach "$2"
"""
)
_PLACE = r"""[ ! -e "$1" ] && [ ! -L "$1" ] || { echo "$PWD/$1 is there already" >&2; exit 1; }; mv -T -- "$2" "$1" """
_UPDATE = (
    _GIT
    + r"""
rm -f .git/reconciler-before
get "$1" "$2" "$3"
before=$(safe stash create)
printf '%s' "$before" >.git/reconciler-before
git config remote.origin.url "$1"
safe checkout -q -f --detach "$2"
"""
)
_BACK = (
    _GIT
    + r"""
if [ "$1" ]; then git config remote.origin.url "$1"; else git config --unset remote.origin.url || true; fi
safe checkout -q -f --detach "$2"
before=$(cat .git/reconciler-before)
[ -z "$before" ] || safe stash apply -q "$before"
rm -f .git/reconciler-before
"""
)
_ONLY_OURS = (
    _GIT
    + r"""
others=$(safe status --porcelain --untracked-files=normal --ignore-submodules=all)
others=$(printf '%s\n' "$others" | grep '^??' | head -n 5 | cut -c 4-)
[ "$others" ] || exit 0
echo "there are files that are not of the repository, move them away or remove the folder by hand:" $others >&2
exit 1
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be at a path. ``protocol`` is the only one that git may speak; ``tag`` names the commit at the server.

    ``owner`` is ``name:group`` as chown takes it, empty when it is not managed; ``user`` is who git runs as.
    """

    path: str
    repository: str
    protocol: str
    commit: str
    tag: str
    owner: str
    user: str | None

    @property
    def _environment(self) -> tuple[tuple[str, str], ...]:
        return (("PROTOCOL", self.protocol),)

    @property
    def _source(self) -> tuple[str, str, str]:
        return (self.repository, self.commit, self.tag)

    @property
    def _aside(self) -> str:
        return f".rcl-{basename(self.path)}.new"

    def make(self) -> Iterator[Operation]:
        """Clone beside the path, then rename."""
        name, folder = basename(self.path), dirname(self.path)
        yield RunCommand(
            what=f"make a folder beside {self.path}",
            argv=_sh(_PREPARE, name, self._aside, self.owner),
            undo=("rm", "-rf", "--", self._aside),
            directory=folder,
        )
        yield RunCommand(
            what=f"clone {self.repository} for {self.path}",
            argv=_sh(_CLONE, *self._source),
            environment=self._environment,
            user=self.user,
            directory=f"{folder.rstrip('/')}/{self._aside}",
        )
        # While the folder beside is there, what is at the path is not ours.
        yield RunCommand(
            what=f"put the clone at {self.path}",
            argv=_sh(_PLACE, name, self._aside),
            undo=("rm", "-rf", "--", name),
            undo_if=("test", "!", "-e", self._aside),
            directory=folder,
        )

    def move(self, origin: str, commit: str) -> Iterator[Operation]:
        """Bring the checkout from the commit and the origin that it has to those that are wanted."""
        yield RunCommand(
            what=f"check out {self.commit[:12]} in {self.path}",
            argv=_sh(_UPDATE, *self._source),
            undo=_sh(_BACK, origin, commit),
            undo_if=("test", "-f", ".git/reconciler-before"),
            environment=self._environment,
            user=self.user,
            directory=self.path,
        )


def give(path: str, owner: str, before: str) -> Operation:
    """Give all of a checkout to another owner."""
    return RunCommand(
        what=f"change the owner of {path}",
        argv=("chown", "-hR", "--", owner, "."),
        undo=("chown", "-hR", "--", before, "."),
        directory=path,
    )


def remove(path: str, user: str | None) -> Iterator[Operation]:
    """Remove a checkout, unless there are files in it that are neither of the repository nor ignored by it."""
    name, folder, aside = basename(path), dirname(path), f".rcl-{basename(path)}.old"
    yield RunCommand(what=f"remove {path}", argv=_sh(_ONLY_OURS), user=user, directory=path)
    yield RunCommand(
        what=f"move {path} aside",
        argv=_sh('rm -rf -- "$2" && mv -T -- "$1" "$2"', name, aside),
        undo=("mv", "-T", "--", aside, name),
        undo_if=("test", "!", "-e", name),
        directory=folder,
        aside=f"{folder.rstrip('/')}/{aside}",
    )


def _sh(text: str, *arguments: str) -> tuple[str, ...]:
    return ("sh", "-c", text.strip(), "sh", *arguments)
