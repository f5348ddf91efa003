using System.Reflection;
using System.Runtime.InteropServices;
using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>
/// Which functions TorchSharp's native half asks for and this libtorch lacks. They are bound when they are first called, so a libtorch of
/// another version mostly works, and what is missing ends the process where it is called.
/// </summary>
internal static partial class SymbolsCommand
{
    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("symbols: functions that TorchSharp or ViSurf.Core need and this libtorch lacks (Linux)", 1, args) is not { } options) return;
        if (!OperatingSystem.IsLinux()) throw new InvalidOperationException("Expected Linux, whose libraries are read here; this system is another.");
        Machine.Print(options);
        TorchBackend.EnsureLoaded();
        var library = NativeLibrary.Load("LibTorchSharp", typeof(Tensor).Assembly, null);
        var needed = ElfImports.Of(File.ReadAllBytes(PathOf("libLibTorchSharp.so")));
        // Asked of the library that needs them: the loader then looks through all that it depends on.
        var missing = needed.Where(name => !NativeLibrary.TryGetExport(library, name, out _)).Select(Demangled).Order(StringComparer.Ordinal).ToArray();
        var operators = Operators().GroupBy(o => o.IsAvailable).ToDictionary(g => g.Key, g => g.Select(o => $"{o}").Distinct().Order(StringComparer.Ordinal).ToArray());
        foreach (var name in missing) Console.WriteLine($"missing: {name}");
        Console.WriteLine($"{missing.Length} of {needed.Count} functions are missing");
        JsonLine.Print(new Dictionary<string, object?>
        {
            ["command"] = "symbols",
            ["device"] = $"{options.Device}",
            ["card"] = Card.Name(options.Device),
            ["needed"] = needed.Count,
            ["missing"] = missing,
            ["c_interface"] = AtenLibrary.Instance is not null,
            ["operators"] = operators.GetValueOrDefault(true, []),
            ["operators_missing"] = operators.GetValueOrDefault(false, []),
        });
    }

    /// <summary>All operators that the library calls by name, wherever they are kept but below Data, which reads rows.</summary>
    private static IEnumerable<AtenOperator> Operators()
        => Types().Where(type => !type.ContainsGenericParameters && type.Namespace?.StartsWith("ViSurf.Core.Data", StringComparison.Ordinal) == false)
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
            .Where(field => field.FieldType == typeof(AtenOperator)).Select(field => (AtenOperator)field.GetValue(null)!);

    private static IEnumerable<Type> Types()
    {
        try
        {
            return typeof(AtenOperator).Assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();   // the archive for a GPU machine leaves Parquet out, and with it the types that stand on it
        }
    }

    /// <summary>The file that was loaded, by the kernel's list of what is mapped.</summary>
    private static string PathOf(string file)
        => File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).FirstOrDefault(path => Path.GetFileName(path) == file)
            ?? throw new InvalidOperationException($"Expected {file} among the files that this process has mapped, got none.");

    private static string Demangled(string name)
    {
        var text = Demangle(name, 0, 0, out var status);
        if (status != 0) return name;
        var readable = Marshal.PtrToStringUTF8(text)!;
        unsafe
        {
            NativeMemory.Free((void*)text);
        }
        return readable;
    }

    [LibraryImport("libstdc++.so.6", EntryPoint = "__cxa_demangle", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Demangle(string name, nint buffer, nint length, out int status);
}
