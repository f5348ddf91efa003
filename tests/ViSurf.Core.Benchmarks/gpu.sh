#!/usr/bin/env bash
# One command for whoever has a GPU: a random Qwen2.5-VL of the 7B shape in bfloat16, a LoRA step at 840 × 840 with 8 rollouts of 256
# tokens, decoding, and transformers on the same weights where Python has it. The numbers are JSON lines; a summary closes the output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'TEXT'
gpu.sh [options]
  --device NAME      cuda or cuda:N; cpu to try the script out (cuda)
  --libtorch DIR     run on the libtorch of a Python install (its torch/lib) instead of the package's
  --program DIR      an already published program, for a machine with the .NET runtime but no SDK
  --out DIR          keep the model and the results here (a temporary folder)
  --peak-tflops N    what the maker promises for bfloat16, for MFU: 989 for an H100 or H200 (no MFU)
  --no-peer          leave transformers out
  --small            a model of a few million parameters, small pictures: only to see that everything runs
TEXT
}

device=cuda libtorch= program= out= peak= peer=yes small=
while [ $# -gt 0 ]; do
    case $1 in
        --device) device=$2; shift 2 ;;
        --libtorch) libtorch=$2; shift 2 ;;
        --program) program=$2; shift 2 ;;
        --out) out=$2; shift 2 ;;
        --peak-tflops) peak=$2; shift 2 ;;
        --no-peer) peer=; shift ;;
        --small) small=yes; shift ;;
        --help | -h) usage; exit 0 ;;
        *) echo "Unknown option '$1'." >&2; usage >&2; exit 2 ;;
    esac
done

work=$(mktemp -d)
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; rm -rf "$work"' EXIT
results=${out:-$work}
mkdir -p "$results"

# The program: published, so that every command starts at once; built aside, because another libtorch would stay in the usual output.
if [ -z "$program" ]; then
    torch=cuda
    [ "$device" = cpu ] && torch=cpu
    [ -n "$libtorch" ] && torch=none
    program=$work/program
    dotnet publish -c Release --self-contained false -p:Torch=$torch --artifacts-path "$work/build" -o "$program" "$here" -v quiet
fi
common=(--device "$device")
if [ -n "$libtorch" ]; then
    common+=(--libtorch "$libtorch")
    path=$libtorch
    # The CUDA libraries of a pip install lie in folders beside torch.
    for folder in "$libtorch"/../../nvidia/*/lib; do [ -d "$folder" ] && path=$path:$folder; done
    export LD_LIBRARY_PATH=$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
bench() { dotnet "$program/ViSurf.Core.Benchmarks.dll" "$@"; }

if [ -n "$small" ]; then
    shape=(--hidden 256 --layers 2 --intermediate 512 --vision-hidden 64 --vision-depth 2 --vocab 1024)
    side=56 group=2 completion=4 steps=1
else
    shape=(--shape qwen2.5-vl-7b)
    side=840 group=8 completion=256 steps=3
fi
model=$results/model
[ -f "$model/config.json" ] || bench make-model --out "$model" "${shape[@]}" --dtype bfloat16 "${common[@]}"

# Memory as the driver sees it, beside what the program says.
if [ "$device" != cpu ] && command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=index,name,memory.total --format=csv,noheader
    nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits -lms 500 >"$results/memory.txt" &
    watcher=$!
fi

load=(--model "$model" --dtype bfloat16 --image-side "$side" --group "$group" --completion "$completion")
run() {
    local name=$1
    shift
    echo "== $name"
    "$@" | tee "$results/$name.txt"
    tail -n 1 "$results/$name.txt" >"$results/$name.json"
}
run machine bench machine "${common[@]}" --repeat "$steps"
run step bench step "${load[@]}" --prompts 1 --lora 16 --steps "$steps" ${peak:+--peak-tflops "$peak"} "${common[@]}"
run decode bench decode "${load[@]}" --prompts 1 --repeat "$steps" --compare "${common[@]}"
if [ -n "$peer" ] && python3 -c 'import torch, transformers' 2>/dev/null; then
    run transformers python3 "$here/transformers_peer.py" --model "$model" --image-side "$side" --group "$group" --completion "$completion" \
        --lora 16 --steps "$steps" --device "$device"
else
    echo "== transformers: left out (python3 with torch and transformers is not at hand, or --no-peer)"
fi

echo "== summary"
field() { grep -o "\"$2\": *[^,}]*" "$results/$1.json" 2>/dev/null | head -n 1 | cut -d : -f 2 | tr -d ' '; }
echo "update: fraction of the floor $(field step update_floor_fraction), MFU $(field step update_mfu), device peak $(field step device_peak_gb) GB"
echo "decode: $(field decode tokens_per_s) tokens/s"
[ -f "$results/transformers.json" ] && echo "transformers: generate $(field transformers tokens_per_s) tokens/s, forward and backward $(field transformers update_median_s) s, device peak $(field transformers device_peak_gb) GB"
[ -f "$results/memory.txt" ] && echo "most memory in use on the device: $(sort -n "$results/memory.txt" | tail -n 1) MiB"
exit 0
