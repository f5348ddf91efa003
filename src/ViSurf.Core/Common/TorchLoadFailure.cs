using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace ViSurf.Core.Common;

/// <summary>From what the system's loader said to what is missing and what to do about it.</summary>
internal static partial class TorchLoadFailure
{
    // The folders under runtimes/ of the TorchSharp package.
    private static readonly string[] Platforms = ["linux-x64", "osx-arm64", "win-x64", "win-arm64"];

    /// <summary>Whether the loader found the library and refused it for a version the system lacks.</summary>
    public static bool IsUnfit(string loader) => MissingVersion().IsMatch(loader);

    public static DllNotFoundException Explain(Exception loader) => new(Message(loader.Message, Platform(), PackageVersion()), loader);

    /// <param name="loader">The loader's words.</param>
    /// <param name="platform">As .NET names it: <c>linux-x64</c>.</param>
    /// <param name="version">Of TorchSharp, which its packages with libtorch share.</param>
    public static string Message(string loader, string platform, string version)
    {
        if (!Platforms.Contains(platform))
            return $"TorchSharp cannot load: expected one of the platforms it has a native library for ({string.Join(", ", Platforms)}), got {platform}. "
                + "Run the program on one of these.";
        var missing = MissingVersion().Match(loader).Groups[1].Value;
        if (missing.StartsWith("GLIBC_", StringComparison.Ordinal))
            return $"TorchSharp cannot load: it needs {missing}, and this system's C library is older. Run on a newer distribution or in a container of one.";
        if (missing.Length > 0)
            return $"TorchSharp cannot load: libLibTorchSharp.so needs {missing}, which this system's libstdc++ lacks, and ViSurf.Core's build step that lifts "
                + "this did not run on it. Reference the package ViSurf.Core from the application's own project (one that references the project "
                + "ViSurf.Core.csproj instead needs <Import Project=\"…/src/ViSurf.Core/buildTransitive/ViSurf.Core.targets\" /> as well) and build it here "
                + "without ViSurfPatchTorchSharp=false, or build it elsewhere with ViSurfPatchTorchSharp=always, or install the libstdc++ of GCC 13 or newer.";
        return $"TorchSharp cannot load: no libtorch for {platform} was found. ViSurf.Core brings none, since the application chooses it: "
            + $"dotnet add package TorchSharp-cpu --version {version}, or the smaller libtorch-cpu-{platform}{Cuda(platform)}.";
    }

    private static string Cuda(string platform) => platform switch
    {
        "linux-x64" => ", or for CUDA TorchSharp-cuda-linux",
        "win-x64" => ", or for CUDA TorchSharp-cuda-windows",
        _ => "",
    };

    private static string Platform()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsLinux() ? "linux" : "other";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static string PackageVersion() => typeof(torch).Assembly.GetName().Version?.ToString(3) ?? "*";

    /// <summary>glibc's loader: <c>/lib/…/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by …)</c>.</summary>
    [GeneratedRegex(@"version [`'](\w+_[\d.]+)' not found")]
    private static partial Regex MissingVersion();
}
