namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>What a run on a machine with a GPU starts from.</summary>
internal sealed record GpuSetup
{
    /// <summary>The unpacked archive: app, vstest, transformers_peer.py.</summary>
    public required string Root { get; init; }

    /// <summary>The host that runs programs.</summary>
    public required string Dotnet { get; init; }

    /// <summary>cpu, cuda or cuda:N.</summary>
    public required string Device { get; init; }

    /// <summary>Folder of libtorch; null when the loader finds it by itself.</summary>
    public string? LibTorch { get; init; }

    /// <summary>Sizes so small that the numbers mean nothing.</summary>
    public bool Small { get; init; }

    /// <summary>Where results go.</summary>
    public required string Out { get; init; }

    /// <summary>Where models are made.</summary>
    public required string Work { get; init; }

    public string Python { get; init; } = "python3";

    /// <summary>Why there is no Python with torch; null when there is one.</summary>
    public string? NoPython { get; init; }

    /// <summary>Why transformers is not measured; null when it is.</summary>
    public string? NoPeer { get; init; }

    public string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>The directory of the model that a part makes.</summary>
    public string Model(string part) => Path.Combine(Work, part.Replace(' ', '-'));
}
