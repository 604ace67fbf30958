#!/bin/sh
# What action.yml runs: `install`, `run` or `verdict`. Inputs come as variables of the environment.
set -euf # f: paths and arguments are split at blanks and nothing else happens to them
home="$RUNNER_TEMP/httpx-fixer"
tool="$home/bin/httpx-fixer"

say() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }
complain() {
    printf '::error::%s\n' "$1"
    exit 2
}
value() { printf '%s\n' "$made" | sed -n "s/^$1=//p"; }

install() {
    "${PYTHON:-python3}" -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
}

# Run the tool; its exit code 2 is ours, 0 and 1 are told.
attempt() {
    code=0
    "$tool" "$@" || code=$?
    [ "$code" -le 1 ] || exit "$code"
}

check() {
    attempt check --output-format github $ARGUMENTS -- $PATHS
    say code "$code"
    [ "$SARIF" = true ] || return 0
    file="$RUNNER_TEMP/httpx-fixer.sarif"
    attempt check --output-format sarif --output-file "$file" --exit-zero $ARGUMENTS -- $PATHS
    say sarif "$file"
}

# Make the commits on a branch; `made` is what the tool says of it.
make_branch() {
    words="$RUNNER_TEMP/httpx-fixer-words"
    made=$(attempt bot --exit-zero --identity "$IDENTITY" --output-dir "$words" "$@" $ARGUMENTS -- $PATHS)
    commits=$(value commits)
    say commits "$commits"
    say code "$([ "$commits" = 0 ] && echo 0 || echo 1)"
}

# Push to the very branch that is checked out, never by force.
commit() {
    there=$(git ls-remote origin "refs/heads/$HEAD" | cut -f 1)
    [ "$there" = "$(git rev-parse HEAD)" ] || complain \
        "$HEAD is not what is checked out; give actions/checkout \`ref: \${{ github.head_ref }}\`"
    make_branch --branch "httpx-fixer/for-$HEAD"
    [ "$commits" = 0 ] || git push -q origin "$(value commit):refs/heads/$HEAD"
}

propose() {
    make_branch --branch "$BRANCH" --push origin
    [ "$commits" != 0 ] || return 0
    title=$(cat "$(value title)")
    body=$(value body)
    if [ -n "$(gh pr list --head "$BRANCH" --base "$BASE" --state open --json number --jq '.[].number')" ]; then
        gh pr edit "$BRANCH" --title "$title" --body-file "$body"
    else
        gh pr create --head "$BRANCH" --base "$BASE" --title "$title" --body-file "$body"
    fi
}

run() {
    case "$MODE" in
    check) check ;;
    commit) commit ;;
    pull-request) propose ;;
    *) complain "mode is check, commit or pull-request, not $MODE" ;;
    esac
}

verdict() {
    [ "$MODE" != check ] || [ "$FAIL" != true ] || exit "$CODE"
}

"$1"
