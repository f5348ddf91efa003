#!/usr/bin/env bash
# One archive that tests and measures on a machine with a GPU, Python with torch, and nothing else: the benchmarks and the tests without
# libtorch (that machine's own is taken), the .NET runtime, the test runner's console, ICU, run.sh. Needs the SDK on Linux x64; no root,
# and no network beyond the restore.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)

usage() {
    cat <<'TEXT'
pack.sh [options]
  --out FILE     the archive (artifacts/visurf-gpu.tar.xz)
  --limit MB     fail when it is larger, in 10⁶ bytes (45)
  --quick        compress fast instead of well: to try it out
TEXT
}

out=$repository/artifacts/visurf-gpu.tar.xz limit=45 preset=9e
while [ $# -gt 0 ]; do
    case $1 in
        --out) out=$2; shift 2 ;;
        --limit) limit=$2; shift 2 ;;
        --quick) preset=1; shift ;;
        --help | -h) usage; exit 0 ;;
        *) echo "Unknown option '$1'." >&2; usage >&2; exit 2 ;;
    esac
done

staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
mkdir -p "$staged"/{app,vstest/Extensions,icu,dotnet/host/fxr,dotnet/shared/Microsoft.NETCore.App} "$(dirname "$out")"

# The programs. Both in one folder, since most of their libraries are the same.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in ViSurf.Core.Benchmarks ViSurf.Core.Tests; do
    # Another system than this one may have the older libstdc++.
    dotnet build -c Release -v quiet -clp:NoSummary -p:ViSurfPatchTorchSharp=always "$repository/tests/$project"
    built=$repository/tests/$project/bin/Release/net10.0
    # Without deps.json the host takes what lies in the folder.
    find "$built" -maxdepth 1 -type f ! -name '*.pdb' ! -name '*.xml' ! -name '*.deps.json' -exec cp -p {} "$staged/app/" \;
    # Natives of this platform, of which libtorch is the other machine's.
    find "$built/runtimes/linux-x64/native" -type f \( -name libLibTorchSharp.so -o -name libSkiaSharp.so \) -exec cp -p {} "$staged/app/" \;
done
cp -r "$built/Fixtures" "$staged/app/"

# What is left out is 3 MB of the archive and belongs to what does not run there: BenchmarkDotNet, the profiler, the plot, the report's
# reader, Parquet and TensorBoard, and the largest files of the image processor's parity test (pictures become pixels on the processor).
(cd "$staged/app" && rm -f BenchmarkDotNet*.dll CommandLine.dll Gee.External.Capstone.dll Iced.dll Microsoft.CodeAnalysis*.dll Perfolizer.dll Pragmastat.dll \
    Dia2Lib.dll Microsoft.Diagnostics.*.dll Microsoft.DotNet.PlatformAbstractions.dll System.CodeDom.dll System.Management.dll TraceReloggerLib.dll \
    HarfBuzzSharp.dll ScottPlot.dll SkiaSharp.HarfBuzz.dll AngleSharp.dll Tokenizers.DotNet.dll Google.Protobuf.dll ICSharpCode.SharpZipLib.dll \
    Parquet.dll K4os.Compression.LZ4.dll Microsoft.IO.RecyclableMemoryStream.dll Snappier.dll ZstdSharp.dll Fixtures/image_processor/{5.png,golden.safetensors})

# The runtime that the build targets: its newest patch that is here.
root=$(dirname "$(readlink -f "$(command -v dotnet)")")
asked=$(grep -o '"version": *"[0-9.]*"' "$built/ViSurf.Core.Tests.runtimeconfig.json" | head -n 1 | grep -o '[0-9][0-9.]*')
newest() { find "$1" -maxdepth 1 -name "${asked%.*}.*" -printf '%f\n' | sort -V | tail -n 1; }
runtime=$(newest "$root/shared/Microsoft.NETCore.App")
[ -n "$runtime" ] || { echo "Expected a .NET runtime ${asked%.*} in $root/shared/Microsoft.NETCore.App, got none." >&2; exit 1; }
cp "$root/dotnet" "$staged/dotnet/"
cp -r "$root/host/fxr/$(newest "$root/host/fxr")" "$staged/dotnet/host/fxr/"
cp -r "$root/shared/Microsoft.NETCore.App/$runtime" "$staged/dotnet/shared/Microsoft.NETCore.App/"
for notice in LICENSE.txt ThirdPartyNotices.txt; do [ ! -f "$root/$notice" ] || cp "$root/$notice" "$staged/dotnet/"; done
# Debuggers' halves, other garbage collectors, and libraries that nothing in the archive calls.
(cd "$staged/dotnet/shared/Microsoft.NETCore.App/$runtime" && rm -f createdump libclrgc.so libclrgcexp.so libcoreclrtraceptprovider.so libmscordaccore.so \
    libmscordbi.so Microsoft.CSharp.dll Microsoft.VisualBasic*.dll System.ComponentModel.Annotations.dll System.Formats.Tar.dll \
    System.Linq.AsyncEnumerable.dll System.Linq.Parallel.dll System.Net.Mail.dll System.Net.Quic.dll System.Net.Requests.dll System.Net.WebClient.dll \
    System.Private.DataContractSerialization.dll System.Threading.Tasks.Dataflow.dll)

# The test runner's console, from the SDK that builds here.
sdk=$root/sdk/$(cd "$repository" && dotnet --version)
cp "$sdk"/vstest.console.* "$sdk"/Microsoft.TestPlatform*.dll "$sdk"/Microsoft.VisualStudio.TestPlatform*.dll "$sdk"/testhost* "$staged/vstest/"
cp "$sdk"/{Newtonsoft.Json,NuGet.Frameworks,Microsoft.Extensions.DependencyModel,Microsoft.Extensions.FileSystemGlobbing,System.Resources.Extensions}.dll \
    "$staged/vstest/"
cp "$sdk/Extensions/Microsoft.TestPlatform.TestHostRuntimeProvider.dll" "$staged/vstest/Extensions/"

# ICU, without which .NET does not start: the newest of which all three libraries are here.
libraries() { { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep -F x86-64 | grep -oE "/[^ ]*/libicu$1\.so\.[0-9]+$" | sort -V; }
version=$(for name in data uc i18n; do libraries $name | grep -oE '[0-9]+$' | sort -u; done | sort -n | uniq -c | awk '$1 == 3 { v = $2 } END { print v }')
if [ -n "$version" ]; then
    for name in data uc i18n; do cp -L "$(libraries $name | grep -E "\.$version$" | head -n 1)" "$staged/icu/"; done
    for notice in "/usr/share/doc/libicu$version/copyright" /usr/share/licenses/libicu/LICENSE /usr/share/licenses/icu/LICENSE; do
        [ ! -f "$notice" ] || { cp "$notice" "$staged/icu/LICENSE"; break; }
    done
    icu="with ICU $version"
else
    rmdir "$staged/icu"
    icu="WITHOUT ICU: ldconfig names no libicudata, libicuuc and libicui18n of one version here. The other machine needs one, or runs culture-invariant (run.sh does it by itself)"
fi
cp "$here/run.sh" "$here/transformers_peer.py" "$repository/LICENSE" "$staged/"
(cd "$repository" && git rev-parse HEAD 2>/dev/null || echo unknown) >"$staged/commit.txt"

# Programs share most of their bytes with one another, far apart: the dictionary holds the whole. x86 code compresses better behind its filter.
pack() { tar -C "$staged" --owner=0 --group=0 --sort=name -cf - .; }
if command -v xz >/dev/null; then
    pack | xz -T1 --x86 --lzma2=preset=$preset,dict=192MiB >"$out"
elif command -v python3 >/dev/null; then
    pack | python3 -c 'import lzma, shutil, sys
preset = int(sys.argv[1].rstrip("e")) | (lzma.PRESET_EXTREME if sys.argv[1].endswith("e") else 0)
filters = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": 192 << 20}]
with lzma.open(sys.stdout.buffer, "wb", filters=filters) as packed: shutil.copyfileobj(sys.stdin.buffer, packed)' "$preset" >"$out"
else
    echo "Expected xz or python3 to compress with, got neither." >&2
    exit 1
fi
bytes=$(stat -c %s "$out")
echo "$out: $(awk -v b="$bytes" 'BEGIN { printf "%.1f", b / 1e6 }') MB, unpacked $(du -sm "$staged" | cut -f 1) MB, .NET $runtime, $icu"
if [ "$bytes" -gt $((limit * 1000000)) ]; then
    echo "Expected at most $limit MB (--limit), got more." >&2
    exit 1
fi
