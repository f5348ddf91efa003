using ViSurf.Core.Fuzz.Surfaces;

namespace ViSurf.Core.Fuzz;

/// <summary>All surfaces.</summary>
internal static class SurfaceList
{
    public static IReadOnlyList<SurfaceKind> All { get; } =
    [
        new("safetensors", () => new SafeTensorsSurface()),
        new("shards", () => new ShardsSurface()),
        new("config", () => new CheckpointSurface(["config.json"]), Weight: 1.5),
        new("processor", () => new CheckpointSurface(["preprocessor_config.json", "preprocessor_config.json", "processor_config.json"],
            """{"image_processor": {"min_pixels": 3136, "max_pixels": 50176, "patch_size": 14, "merge_size": 2, "image_mean": [0.5, 0.5, 0.5], "rescale_factor": 0.00392}}""")),
        new("tokenizer", () => new TokenizerSurface(), Weight: 1.5),
        new("oracle", () => new OracleSurface(), Weight: 1.5, NotOurs: "tokenizer_initialize"),
        new("generation", () => new CheckpointSurface(["generation_config.json", "tokenizer_config.json"]), Weight: 0.5),
        new("template", () => new TemplateSurface()),
        new("chat", () => new ChatSurface(), Weight: 0.5),
        new("adapter", () => new AdapterSurface()),
        new("special-files", () => new SpecialFilesSurface(), Weight: 0.5, Memory: 1200),
        new("pictures", () => new PicturesSurface(), Weight: 1.5, Memory: 3000),
        new("rows", () => new RowsSurface(), Weight: 1.5),
        new("parquet", () => new ParquetSurface()),
        new("rewards", () => new RewardsSurface(), Weight: 1.5, Patience: 60),
        new("mathematics", () => new MathematicsSurface(), Weight: 0.5),
        new("report", () => new ReportSurface(), Weight: 0.5),
        new("read-back", () => new ReadBackSurface(), Weight: 0.5),
        new("kills", () => new KillsSurface(), Weight: 1.5, Patience: 600),
    ];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static SurfaceKind Named(string name)
        => All.FirstOrDefault(kind => kind.Name == name)
            ?? throw new ArgumentException($"Expected one of {string.Join(", ", All.Select(kind => kind.Name))}, got '{name}'.");
}
