# Sourced by scripts/kd and scripts/test: finds Swift and installs what a build needs. Expects `root` to be set.

say() { printf '%s\n' "$*" >&2; }

# Swift on PATH, or where its installers put it.
find_swift() {
    command -v swift >/dev/null 2>&1 && return 0
    local folder
    for folder in /opt/swift/usr/bin /usr/libexec/swift/bin /usr/share/swift/usr/bin "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}"; do
        if [ -x "$folder/swift" ]; then
            PATH="$folder:$PATH"
            return 0
        fi
    done
    say "kd needs Swift 6.2 or newer: https://www.swift.org/install/linux/"
    return 1
}

# Installs Debian's packages for whatever is missing; silent when nothing is.
install_missing() {
    local packages=()
    command -v git >/dev/null 2>&1 || packages+=(git ca-certificates)
    command -v pkg-config >/dev/null 2>&1 || packages+=(pkg-config)
    [ -e /usr/include/histedit.h ] || packages+=(libedit-dev)
    [ -e /usr/include/zlib.h ] || packages+=(zlib1g-dev)
    [ -e /usr/include/zmq.h ] || packages+=(libzmq3-dev)
    [ -e /usr/include/sodium.h ] || packages+=(libsodium-dev)
    [ -e /usr/include/cmark-gfm.h ] || packages+=(libcmark-gfm-dev libcmark-gfm-extensions-dev)
    command -v ld >/dev/null 2>&1 || packages+=(binutils)
    [ -e /usr/include/stdlib.h ] || packages+=(libc6-dev)
    [ ${#packages[@]} -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        say "kd needs these packages, by their Debian names: ${packages[*]}"
        return 1
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            say "kd needs these packages; as root: apt-get install ${packages[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    say "installing ${packages[*]}"
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${packages[@]}"; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        say "could not install ${packages[*]}"
        return 1
    fi
    rm -f "$log"
}
