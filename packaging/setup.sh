# What packaging/start and packaging/test share; both source it. It needs bash 3.2 or newer.
#
# prepare EXTRA USE   readies .venv in the checkout with the extra `emulator` or `dev` of pyproject.toml,
#                     and the system libraries that Qt needs for USE: `window`, `offscreen` or `headless`.
#
# .venv/truthline-setup remembers what .venv was made from: the checkout's path, a checksum of
# pyproject.toml and the constraints, and the extra; "unfinished" while an install runs.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$checkout/.venv
state=$venv/truthline-setup

# An activated .venv is not what the next .venv may be made with.
PATH=:$PATH:
PATH=${PATH//":$venv/bin:"/:}
PATH=${PATH#:} PATH=${PATH%:}

# Each argument is a line.
say() { printf '%s\n' "$@" >&2; }
stop() {
    say "$@"
    exit 1
}

# Shared libraries that PySide6-Essentials does not bring along, as "soname package-of-Debian".
offscreen_libraries='
libEGL.so.1 libegl1
libGL.so.1 libgl1
libX11.so.6 libx11-6
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1
libfreetype.so.6 libfreetype6
libglib-2.0.so.0 libglib2.0-0
libxkbcommon.so.0 libxkbcommon0
libz.so.1 zlib1g
libzstd.so.1 libzstd1
'
window_libraries=$offscreen_libraries'
libX11-xcb.so.1 libx11-xcb1
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-randr.so.0 libxcb-randr0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-render.so.0 libxcb-render0
libxcb-shape.so.0 libxcb-shape0
libxcb-shm.so.0 libxcb-shm0
libxcb-sync.so.1 libxcb-sync1
libxcb-util.so.1 libxcb-util1
libxcb-xfixes.so.0 libxcb-xfixes0
libxcb-xkb.so.1 libxcb-xkb1
libxkbcommon-x11.so.0 libxkbcommon-x11-0
'

is_debian() { command -v apt-get >/dev/null && command -v dpkg >/dev/null; }

# Installs Debian packages if it may; else prints the line that would, and stops.
install_packages() {
    local output
    if is_debian && [ "$(id -u)" = 0 ]; then
        say "Installing system packages: $*"
        export DEBIAN_FRONTEND=noninteractive
        output=$({ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } 2>&1 </dev/null) ||
            stop "$output" "" "apt-get failed; its message above says why."
    elif is_debian; then
        stop "Truthline needs these system packages, which are missing: $*" "" \
            "Install them, then run this again:" \
            "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    else
        stop "Truthline needs what these packages of Debian hold. Install them under the names that your system" \
            "has for them, then run this again: $*"
    fi
}

has_font() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.local/share/fonts" "${HOME:-/}/.fonts"; do
        [ ! -d "$folder" ] || [ -z "$(find -L "$folder" -name '*.[to]t[fc]' -print 2>/dev/null | head -n 1)" ] || return 0
    done
    return 1
}

# Prints the Debian packages that hold what Qt lacks for `window` or `offscreen`; `headless` needs no Qt.
missing_libraries() {
    local known soname package libraries=$offscreen_libraries
    [ "$1" != window ] || libraries=$window_libraries
    [ "$1" != headless ] && [ "$(uname -s)" = Linux ] || return 0
    known=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) || return 0
    while read -r soname package; do
        case $known in *"$soname "*) ;; *) [ -z "$soname" ] || printf '%s ' "$package" ;; esac
    done <<<"$libraries"
    has_font || printf 'fonts-dejavu-core '
}

# Whether a command is a Python that Truthline runs on.
suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; }

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || stop "PYTHON is set to $PYTHON, which is no Python from 3.11 to 3.14 that starts."
        command -v "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    stop "Truthline needs a Python from 3.11 to 3.14, and found none as python3, python3.14, python3.13," \
        "python3.12, python3.11 or python. Install one, or name one: PYTHON=/path/to/python3.12 $0"
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# Whether .venv was made here, by a run that was not interrupted, and still starts. With PYTHON set its
# version must be the same.
venv_works() {
    local sum='' path=$checkout
    [ ! -f "$state" ] || { read -r sum && read -r path; } <"$state" || return 1
    [ "$sum" != unfinished ] && [ "$path" = "$checkout" ] || return 1
    suits "$venv/bin/python" && "$venv/bin/python" -c 'import pip' >/dev/null 2>&1 || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON" 2>/dev/null)" = "$(version_of "$venv/bin/python")" ]
}

# Prints the Debian package that lets this Python make virtual environments, if it is missing.
missing_venv_package() {
    local python
    python=$(find_python) || exit 1
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || printf 'python%s-venv ' "$(version_of "$python")"
}

make_venv() {
    local python
    python=$(find_python) || exit 1
    say "Making .venv with $python ($("$python" --version))"
    rm -rf "$venv"
    mkdir "$venv"
    remember unfinished
    "$python" -m venv "$venv" || stop "$python could not make .venv."
}

# What .venv must be made again or updated for, if it changes.
inputs() { cat "$checkout/pyproject.toml" "$checkout/packaging/constraints.txt" | cksum; }

remember() { printf '%s\n' "$1" "$checkout" "${2:-}" >"$state"; }

installed() {
    local sum='' path='' extra=''
    [ -f "$state" ] && { read -r sum && read -r path && read -r extra; } <"$state" || return 1
    [ "$sum" = "$(inputs)" ] && { [ "$extra" = "$1" ] || [ "$extra" = dev ]; }
}

install_truthline() {
    local extra=$1 before='' status=0
    [ ! -f "$state" ] || before=$(cat "$state")
    [ "${before##*$'\n'}" != dev ] || extra=dev
    remember unfinished
    say "Installing Truthline and the libraries it uses into .venv; the first time takes a minute or two."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --constraint "$checkout/packaging/constraints.txt" --editable "$checkout[$extra]" >&2 || status=$?
    if [ "$status" != 0 ]; then
        # pip's own "no", such as that a download failed, comes before it changes anything: .venv stays good.
        [ "$status" != 1 ] || printf '%s\n' "$before" >"$state"
        stop "The installation failed; pip's message above says why. Run this again to go on."
    fi
    remember "$(inputs)" "$extra"
}

# One set-up at a time, where the system has flock.
locked() {
    if command -v flock >/dev/null; then flock "$1"; fi
}

prepare() {
    local packages
    packages=$(missing_libraries "$2")
    venv_works || packages=$packages$(missing_venv_package)
    # shellcheck disable=SC2086 # a list of package names
    [ -z "$packages" ] || install_packages $packages
    (
        locked 9
        venv_works || make_venv
        installed "$1" || install_truthline "$1"
    ) 9>"$checkout/.venv.lock" </dev/null
}
