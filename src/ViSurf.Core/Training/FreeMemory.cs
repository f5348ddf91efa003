using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>Memory that a process may still take.</summary>
internal static class FreeMemory
{
    private const string Group = "/sys/fs/cgroup";

    /// <summary>Bytes on the device; null where nobody says.</summary>
    public static long? On(Device device) => device.type switch
    {
        DeviceType.CUDA => StepMemory.Driver(device)?.Free,
        DeviceType.CPU => OnHost(),
        _ => null,
    };

    /// <summary>Of the machine, or of the container when that has less.</summary>
    private static long? OnHost()
    {
        if (!OperatingSystem.IsLinux())
        {
            var collector = GC.GetGCMemoryInfo();
            return collector.TotalAvailableMemoryBytes > 0
                ? Math.Max(0, collector.TotalAvailableMemoryBytes - collector.MemoryLoadBytes)
                : null;
        }
        var machine = Number(Lines("/proc/meminfo"), "MemAvailable:") * 1024;
        var container = Container($"{Group}/memory.max", $"{Group}/memory.current", $"{Group}/memory.stat", "inactive_file")
            ?? Container($"{Group}/memory/memory.limit_in_bytes", $"{Group}/memory/memory.usage_in_bytes",
                $"{Group}/memory/memory.stat", "total_inactive_file");
        return machine is { } most && container is { } least ? Math.Min(most, least) : machine ?? container;
    }

    /// <summary>Limit less use; files that are only cached make room.</summary>
    private static long? Container(string limit, string use, string statistics, string cached)
        => Whole(limit) is { } most && Whole(use) is { } used ? Math.Max(0, most - used + (Number(Lines(statistics), cached) ?? 0)) : null;

    /// <summary>The number behind a name: <c>MemAvailable:   123 kB</c>.</summary>
    internal static long? Number(IEnumerable<string> lines, string name)
        => lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && words[0] == name).Select(words => Parse(words[1])).FirstOrDefault();

    private static long? Whole(string file) => Lines(file).Select(Parse).FirstOrDefault();

    /// <summary>Null for anything else, "max" (no limit) among it.</summary>
    private static long? Parse(string text)
        => long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
