#!/bin/sh
# Shows what a change of a strategy does in one comment of its pull or merge request, and updates that comment when the
# change moves on. Needs `backstay`, `git` and `curl`. Ends with what `backstay plan` ended with: 3 when the policy wants
# an approval that is missing.
#
#   BACKSTAY_BASE       what the change is compared with: a git ref
#   BACKSTAY_FORGE      `github` or `gitlab`
#   BACKSTAY_API        address of the forge's API, for example https://api.github.com
#   BACKSTAY_PROJECT    `owner/name` at GitHub, the number of the project at GitLab
#   BACKSTAY_REQUEST    number of the pull or merge request; empty: nothing is posted
#   BACKSTAY_TOKEN      token that may comment
#   BACKSTAY_STRATEGY   the strategy [strategy.kdl]
#   BACKSTAY_APPROVAL   notes of approval, one a line
#   BACKSTAY_AUTHOR     name of the account that comments; comments of others are never touched [any]
set -eu

strategy=${BACKSTAY_STRATEGY:-strategy.kdl}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
page=$work/page.md

# One `--approve` for each note.
set -- plan "$strategy" --against "$BACKSTAY_BASE" --format markdown
while IFS= read -r note; do
    [ -z "$note" ] || set -- "$@" --approve "$note"
done <<NOTES
${BACKSTAY_APPROVAL:-}
NOTES
code=0
backstay "$@" >"$page" || code=$?
if [ ! -s "$page" ]; then
    echo "backstay made no page (it ended with $code)" >&2
    [ "$code" -ne 0 ] || code=1
    exit "$code"
fi
cat "$page"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$page" >>"$GITHUB_STEP_SUMMARY"
[ -n "${BACKSTAY_REQUEST:-}" ] || exit "$code"

case ${BACKSTAY_FORGE:-github} in
github)
    list=$BACKSTAY_API/repos/$BACKSTAY_PROJECT/issues/$BACKSTAY_REQUEST/comments
    one=$BACKSTAY_API/repos/$BACKSTAY_PROJECT/issues/comments
    change=PATCH
    ;;
gitlab)
    list=$BACKSTAY_API/projects/$BACKSTAY_PROJECT/merge_requests/$BACKSTAY_REQUEST/notes
    one=$list
    change=PUT
    ;;
*)
    echo "BACKSTAY_FORGE is \`github\` or \`gitlab\`" >&2
    exit 1
    ;;
esac

# call METHOD URL [FILE]: the token goes through standard input, where no list of processes shows it.
call() {
    method=$1 url=$2
    shift 2
    [ $# -eq 0 ] || set -- --data-binary "@$1"
    printf 'header = "Authorization: Bearer %s"\n' "$BACKSTAY_TOKEN" |
        curl --config - --silent --show-error --fail --max-time 60 --request "$method" \
            --header 'Accept: application/json' --header 'Content-Type: application/json' "$@" "$url"
}

# JSON on standard input, a token a line.
tokens() {
    LC_ALL=C grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[^][{}:," 	]+' || true
}

# Of a list of comments: `id N` for the first one that begins with the mark, then `count N`.
find_comment() {
    tokens | LC_ALL=C MARK=$1 AUTHOR=${BACKSTAY_AUTHOR:-} awk '
        function plain(text) {
            gsub(/\\u003[cC]/, "<", text); gsub(/\\u003[eE]/, ">", text)
            return substr(text, 2, length(text) - 2)
        }
        function value(token) {
            if (depth == 2 && key[2] == "\"id\"") id = token
            if (depth == 2 && key[2] == "\"body\"") body = plain(token)
            if (depth == 3 && (key[2] == "\"user\"" || key[2] == "\"author\""))
                if (key[3] == "\"login\"" || key[3] == "\"username\"") who = plain(token)
        }
        $0 == "{" || $0 == "[" { depth++; key[depth] = ""; if (depth == 2) { id = body = who = "" }; next }
        $0 == "}" || $0 == "]" {
            if (depth == 2) {
                count++
                ours = ENVIRON["AUTHOR"] == "" || who == ENVIRON["AUTHOR"]
                if (!found && ours && index(body, ENVIRON["MARK"]) == 1) found = id
            }
            depth--; next
        }
        $0 == ":" { key[depth] = last; next }
        $0 == "," { if (depth > 0) key[depth] = ""; next }
        { if (depth > 0 && key[depth] != "") value($0); last = $0 }
        END { if (found) print "id " found; print "count " count + 0 }
    '
}

mark=$(head -n 1 "$page")
id=
at=1
while [ "$at" -le 50 ]; do
    call GET "$list?per_page=100&page=$at" >"$work/list.json"
    find_comment "$mark" <"$work/list.json" >"$work/found"
    id=$(sed -n 's/^id \([0-9][0-9]*\)$/\1/p' "$work/found")
    count=$(sed -n 's/^count //p' "$work/found")
    if [ -n "$id" ] || [ "$count" -lt 100 ]; then
        break
    fi
    at=$((at + 1))
done

# What changes nothing needs no comment, unless one says otherwise.
if [ -z "$id" ] && sed -n 2p "$page" | grep -q ': no changes$'; then
    exit "$code"
fi

# The page as a JSON string. It has no control characters but line breaks.
{
    printf '{"body":"'
    LC_ALL=C tr -d '\r' <"$page" | LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/$/\\n/' | tr -d '\n'
    printf '"}'
} >"$work/body.json"
if [ -n "$id" ]; then
    call "$change" "$one/$id" "$work/body.json" >/dev/null
else
    call POST "$list" "$work/body.json" >/dev/null
fi
exit "$code"
