#!/usr/bin/env bash
# Fills third_party/sqlcipher/src with the pinned SQLCipher amalgamation, every byte checked against pins.txt.
#   fetch.sh            crate through cargo (its local cache first), npm package when cargo cannot
#   fetch.sh crate|npm  that source only
# Once fetched it needs no network. EVENTCORE_SQLCIPHER_SOURCE_DIR (a folder with sqlite3.c, sqlite3.h, sqlite3ext.h)
# takes the place of all this; CMake then reads that folder itself.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/pins.txt
destination=$here/src

say() { printf 'sqlcipher: %s\n' "$*"; }

pin() { awk -v key="$1" '$1 == key { print $2 }' "$pins"; }

# fetched_is SOURCE: do all files in src/ carry the pinned hashes of that source?
fetched_is() {
    awk -v key="$1-file" -v dir="$destination" '$1 == key { print $2 "  " dir "/" $4 }' "$pins" |
        sha256sum --check --status - 2>/dev/null
}

# take SOURCE FOLDER: copies the pinned files of an unpacked package, then checks what was copied.
take() {
    local fresh
    fresh=$(mktemp -d "$here/src.XXXXXX")
    while read -r _ hash path name; do
        cp "$2/$path" "$fresh/$name"
        echo "$hash  $fresh/$name" | sha256sum --check --status - || {
            say "$path does not carry its pinned hash" >&2
            rm -rf "$fresh"
            return 1
        }
    done < <(grep "^$1-file " "$pins")
    chmod 755 "$fresh"
    rm -rf "$destination"
    mv "$fresh" "$destination"
}

cached_crate() {
    local home=${CARGO_HOME:-$HOME/.cargo} file
    for file in "$home"/registry/cache/*/"$(pin crate-name)-$(pin crate-version).crate"; do
        if [ -f "$file" ] && echo "$(pin crate-sha256)  $file" | sha256sum --check --status -; then
            echo "$file"
            return 0
        fi
    done
    return 1
}

cargo_fetch() {
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    command -v cargo >/dev/null || { say "no cargo here" >&2; return 1; }
    mkdir -p "$work/crate/src"
    touch "$work/crate/src/lib.rs"
    printf '[package]\nname = "eventcore-fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n%s = "%s"\n' \
        "$(pin crate-name)" "$(pin crate-requirement)" >"$work/crate/Cargo.toml"
    (cd "$work/crate" && cargo fetch --quiet)
}

from_crate() {
    local file
    file=$(cached_crate) || {
        say "asking cargo for $(pin crate-name) $(pin crate-requirement)"
        cargo_fetch || return 1
        file=$(cached_crate) || { say "the crate does not carry its pinned hash" >&2; return 1; }
    }
    tar -xzf "$file" -C "$work"
    take crate "$work/$(pin crate-name)-$(pin crate-version)"
}

from_npm() {
    local file
    command -v npm >/dev/null || { say "no npm here" >&2; return 1; }
    say "asking npm for $(pin npm-package)"
    mkdir -p "$work/npm"
    file=$(cd "$work/npm" && npm pack --silent "$(pin npm-package)" | tail -n 1) || return 1
    echo "$(pin npm-sha512)  $work/npm/$file" | sha512sum --check --status - || {
        say "the npm package does not carry its pinned hash" >&2
        return 1
    }
    tar -xzf "$work/npm/$file" -C "$work/npm"
    take npm "$work/npm/package"
}

# defined NAME FILE: the value of `#define NAME value` in a fetched file.
defined() { awk -v name="$1" '$1 == "#define" && $2 == name && NF == 3 { print $3; exit }' "$destination/$2" | tr -d '"'; }

main() {
    if [ -n "${EVENTCORE_SQLCIPHER_SOURCE_DIR:-}" ]; then
        say "using the folder given by EVENTCORE_SQLCIPHER_SOURCE_DIR"
        return 0
    fi
    local wanted=${1:-crate npm} source
    for source in $wanted; do
        if fetched_is "$source"; then return 0; fi
    done
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for source in $wanted; do
        if "from_$source"; then
            say "SQLCipher $(defined CIPHER_VERSION_NUMBER sqlite3.c), SQLite $(defined SQLITE_VERSION sqlite3.h)" \
                "from the $source package, hashes as pinned"
            return 0
        fi
    done
    cat >&2 <<'TEXT'
sqlcipher: could not fetch the pinned sources. One of these helps:
  - cargo 1.68 or newer, or npm, and network once; or
  - a folder holding sqlite3.c, sqlite3.h and sqlite3ext.h of SQLCipher 4.14.0 or newer:
      export EVENTCORE_SQLCIPHER_SOURCE_DIR=/path/to/that/folder
TEXT
    return 1
}

main "$@"
