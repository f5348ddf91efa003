namespace FineTune.Settings;

/// <summary>Everything a run is made of, as the settings file says it; paths are whole. Null means: as the method, the model or the library has it.</summary>
internal sealed record FineTuneSettings
{
    public required string Model { get; init; }

    /// <summary><see cref="Model"/> as the file says it: what is shown to others, who have no use for a place on this machine.</summary>
    public required string ModelAsWritten { get; init; }

    public required string Output { get; init; }

    public required string Method { get; init; }

    public required string Rewards { get; init; }

    /// <summary>Longer side, in the model's coordinates, that pixel thresholds of the rewards are scaled to; null for the model's own.</summary>
    public double? PictureSide { get; init; }

    public required string Device { get; init; }

    public required string Type { get; init; }

    public required int Seed { get; init; }

    public required DataSettings Data { get; init; }

    public required TrainingSettings Training { get; init; }

    public LoraSettings? Lora { get; init; }

    public required IReadOnlyList<string> Freeze { get; init; }

    public required CheckpointSettings Checkpoints { get; init; }

    public required EvaluationSettings Evaluation { get; init; }

    public required WatchSettings Watch { get; init; }
}

/// <summary>Where rows come from and how they become prompts.</summary>
internal sealed record DataSettings
{
    public required IReadOnlyList<SourceSettings> Train { get; init; }

    public SourceSettings? HeldOut { get; init; }

    /// <summary>A template with {question}, or one of the words "question", "grounding", "answer".</summary>
    public required string Prompt { get; init; }

    public string? SystemMessage { get; init; }

    public required bool SkipBadRows { get; init; }
}

/// <summary>A file of rows, or several with a * in their name, under one name.</summary>
/// <param name="File">Whole path.</param>
/// <param name="AsWritten">The path as the file says it.</param>
/// <param name="Key">Where the settings have it: data.train[0].</param>
/// <param name="Name">What the source is called.</param>
/// <param name="Weight">Its share of the examples.</param>
/// <param name="Columns">Names of columns by what they hold; none says that rows have no such column.</param>
/// <param name="Frame">
/// What the labels' coordinates are in: "picture" (its pixels, or what the rows' width and height say), "model", "thousandths" or "shares".
/// </param>
internal sealed record SourceSettings(
    string File, string AsWritten, string Key, string Name, double Weight, IReadOnlyDictionary<string, IReadOnlyList<string>> Columns,
    string Frame = "picture")
{
    /// <summary>Whether &lt;image&gt; in a question is text, and not where a picture stands.</summary>
    public bool MarkersAsText { get; init; }

    /// <summary>Whole path of the folder that pictures must lie in; null for that of the file.</summary>
    public string? PicturesWithin { get; init; }
}

/// <summary>Sizes and rates; null leaves the method's own.</summary>
internal sealed record TrainingSettings
{
    public required int Steps { get; init; }

    public int? PromptsPerStep { get; init; }

    public int? GroupSize { get; init; }

    public int? MaxNewTokens { get; init; }

    public int? MaxPromptTokens { get; init; }

    public int? MaxLabelTokens { get; init; }

    public int? MicroBatchTokens { get; init; }

    public int? UpdatesPerRollout { get; init; }

    public double? LearningRate { get; init; }

    public required string Schedule { get; init; }

    public required int WarmUp { get; init; }

    public double? WeightDecay { get; init; }

    public double? MaxGradientNorm { get; init; }

    public double? KlCoefficient { get; init; }

    public double? Temperature { get; init; }

    /// <summary>The total from which on a rollout is right, for methods that ask.</summary>
    public double? RightFrom { get; init; }

    public required bool RecomputeLayers { get; init; }
}

/// <summary>See <c>LoraConfig</c>.</summary>
internal sealed record LoraSettings(int Rank, double Alpha, double Dropout, IReadOnlyList<string> Targets);

/// <summary>When checkpoints are written and which stay.</summary>
internal sealed record CheckpointSettings(int Every, int KeepLast, string? Best, bool BestIsLowest);

/// <summary>When held-out rows are answered.</summary>
internal sealed record EvaluationSettings(int Every, int? Rows, int Answers, double Temperature);

/// <summary>Where the numbers go besides the console.</summary>
internal sealed record WatchSettings(bool JsonLines, bool TensorBoard, bool Report, int ReportEvery);
