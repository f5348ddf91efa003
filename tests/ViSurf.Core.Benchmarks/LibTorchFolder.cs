using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Benchmarks;

/// <summary>Takes libtorch from a folder, such as <c>torch/lib</c> of a Python install, instead of from a package.</summary>
internal static class LibTorchFolder
{
    private static readonly string[] InOrder = ["c10", "torch_cpu", "torch_cuda", "torch"];

    /// <summary>To be called before anything of TorchSharp is touched. What is loaded once is found by name afterwards.</summary>
    /// <exception cref="ArgumentException">There is no libtorch in the folder.</exception>
    /// <exception cref="DllNotFoundException">A library, or one it needs, does not load; the message names it.</exception>
    public static void Load(string folder)
    {
        var files = InOrder.Select(name => Path.Combine(folder, FileName(name))).Where(File.Exists).ToArray();
        if (!files.Contains(Path.Combine(folder, FileName("torch"))))
            throw new ArgumentException($"Expected {FileName("torch")} in the folder after --libtorch, got '{folder}' without it.");
        foreach (var file in files) NativeLibrary.Load(file);
        NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);
    }

    private static string FileName(string name)
        => OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
}
