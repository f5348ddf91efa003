#!/usr/bin/env bash
# Tests and measures on a machine that has a GPU, Python with torch, and nothing else, within 8 minutes: see docs/benchmarks.md, "On a GPU".
# pack.sh makes the archive; this script lies in it, and takes it as --archive too.
set -uo pipefail
begun=$SECONDS
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'TEXT'
run.sh [options]
  --archive FILE     unpack this first, into a temporary folder (the folder of this script is the unpacked archive)
  --device NAME      cuda or cuda:N; cpu to try it out (cuda)
  --libtorch DIR     folder of libtorch (torch/lib of the Python install)
  --out DIR          where results.jsonl, table.md and each part's output go (./results)
  --minutes N        for everything (8)
  --parts LIST       names of parts with commas between them, as in the table (all)
  --small            tiny models, a few tests: only to see that everything runs
TEXT
}

archive= device=cuda libtorch= out=results minutes=8 more=()
while [ $# -gt 0 ]; do
    case $1 in
        --archive) archive=$2; shift 2 ;;
        --device) device=$2; shift 2 ;;
        --libtorch) libtorch=$2; shift 2 ;;
        --out) out=$2; shift 2 ;;
        --minutes) minutes=$2; shift 2 ;;
        --parts) more+=(--parts "$2"); shift 2 ;;
        --small) more+=(--small); shift ;;
        --help | -h) usage; exit 0 ;;
        *) echo "Unknown option '$1'." >&2; usage >&2; exit 2 ;;
    esac
done
fail() { echo "$*" >&2; exit 2; }
[[ $minutes =~ ^[1-9][0-9]*$ ]] || fail "Expected a whole number of at least 1 after --minutes, got '$minutes'."

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
root=$here
if [ -n "$archive" ]; then
    root=$work/archive
    mkdir "$root"
    unpacked() {
        if command -v xz >/dev/null; then xz -dc "$archive"; else
            python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer)' "$archive"
        fi
    }
    unpacked | tar -xf - -C "$root" || fail "Expected an archive made by pack.sh after --archive, got '$archive', which does not unpack."
fi
[ -f "$root/app/ViSurf.Core.Benchmarks.dll" ] || fail "Expected the unpacked archive of pack.sh around this script, or --archive FILE; '$root' has no app/ViSurf.Core.Benchmarks.dll."

# libtorch: the Python install's, unless a folder is named.
no_python= no_peer=
folder=$(python3 -c 'import importlib.util as u, os; print(os.path.join(os.path.dirname(u.find_spec("torch").origin), "lib"))' 2>/dev/null) || folder=
[ -n "$folder" ] || no_python="python3 has no torch"
if [ -n "$no_python" ]; then no_peer=$no_python
elif ! python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec("transformers") is None)' 2>/dev/null; then no_peer="python3 has no transformers"; fi
libtorch=${libtorch:-$folder}
[ -n "$libtorch" ] || fail "Expected python3 with torch, or --libtorch DIR with libtorch.so, got neither."
libtorch=$(cd "$libtorch" 2>/dev/null && pwd) || fail "Expected a folder after --libtorch, got none there."

# Python loads its own libtorch by itself; the libraries that a pip install brings lie in folders beside torch.
path=$libtorch
for cuda in "$libtorch"/../../nvidia/*/lib "$libtorch"/../../nvidia/*/lib64; do [ ! -d "$cuda" ] || path=$path:$cuda; done
export LD_LIBRARY_PATH=$path:$root/icu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export DOTNET_ROOT=$root/dotnet PATH=$root/dotnet:$PATH DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_MULTILEVEL_LOOKUP=0
# The tests: where their tensors are, and by which libtorch.
export VISURF_DEVICE=$device VISURF_LIBTORCH=$libtorch
# cuDNN's attention plans anew for every shape, for us and for transformers; lengths differ from step to step, which fragments fixed segments.
export TORCH_CUDNN_SDPA_DEPRIORITIZED=1 PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
export TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1

program=("$root/dotnet/dotnet" "$root/app/ViSurf.Core.Benchmarks.dll")
if ! words=$("${program[@]}" --help 2>&1); then
    export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
    "${program[@]}" --help >/dev/null 2>&1 || fail ".NET does not start here: $(head -n 3 <<<"$words")"
    echo "ICU does not load here, so .NET runs culture-invariant: $(head -n 1 <<<"$words")"
fi

echo "$(date -u +%F), ViSurf.Core $(cut -c 1-12 "$root/commit.txt"), $(nproc) cores, device $device, libtorch of $([ "$libtorch" = "$folder" ] && echo "python3's torch" || echo '--libtorch')"
if [ "$device" != cpu ] && command -v nvidia-smi >/dev/null; then nvidia-smi --query-gpu=index,name,memory.total,driver_version --format=csv,noheader; fi

# The program keeps the time; this is for the case that it cannot.
left=$((60 * minutes - (SECONDS - begun)))
[ "$left" -gt 0 ] || fail "Expected time to be left after unpacking, got none of $minutes minutes."
timeout -k 5 $((left + 10)) "${program[@]}" gpu --root "$root" --device "$device" --libtorch "$libtorch" --out "$out" --work "$work/models" --seconds "$left" \
    ${no_python:+--no-python "$no_python"} ${no_peer:+--no-peer "$no_peer"} "${more[@]}"
status=$?
echo "$((SECONDS - begun)) s; everything is in $out"
exit $status
