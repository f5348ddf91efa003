using System.Text.Json;

namespace FineTune.Settings;

/// <summary>Reads a settings file. Everything wrong with it is said at once.</summary>
internal static class SettingsFile
{
    private static readonly JsonDocumentOptions Json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <param name="path">JSON, comments and trailing commas allowed; paths in it are relative to the file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not JSON, or settings are missing, wrong or unknown: one line for each.</exception>
    public static FineTuneSettings Read(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"Expected a settings file at '{path}', found none.", path);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllText(path), Json);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}, line {e.LineNumber + 1}: expected JSON: {e.Message}", e);
        }
        using (document)
        {
            var mistakes = new List<string>();
            var settings = Read(new SettingsNode(document.RootElement, mistakes), Path.GetDirectoryName(Path.GetFullPath(path))!);
            return mistakes.Count == 0 ? settings : throw new InvalidDataException(
                $"{path}: {mistakes.Count} setting{(mistakes.Count == 1 ? "" : "s")} to mend:{Environment.NewLine}"
                + string.Join(Environment.NewLine, mistakes.Select(m => "  " + m)));
        }
    }

    private static FineTuneSettings Read(SettingsNode root, string folder)
    {
        var model = root.RequiredText("model");
        var settings = new FineTuneSettings
        {
            Model = Whole(folder, model),
            ModelAsWritten = model,
            Output = Whole(folder, root.RequiredText("output")),
            Method = root.Choice("method", [.. Method.Names]),
            Rewards = root.Choice("rewards", [.. RewardNames.All.Keys]),
            PictureSide = root.Number("pictureSide", above: true),
            Device = root.Text("device") ?? "cpu",
            Type = root.Choice("type", "float32", "bfloat16"),
            Seed = root.Whole("seed", least: 0) ?? 1,
            Freeze = root.Texts("freeze"),
            Data = Data(root.Object("data"), folder),
            Training = Training(root.Object("training")),
            Lora = Lora(root.Object("lora")),
            Checkpoints = Checkpoints(root.Object("checkpoints")),
            Evaluation = Evaluation(root.Object("evaluation")),
            Watch = Watch(root.Object("watch")),
        };
        if (settings.Evaluation.Every > 0 && settings.Data.HeldOut is null && root.Exists)
            root.Mistake("data.heldOut", "expected a file to evaluate on, found nothing; evaluation.every = 0 turns evaluation off");
        if (settings.Checkpoints.Best is not null && settings.Evaluation.Every == 0)
            root.Mistake("checkpoints.best", "expected evaluation.every above 0: the best is chosen by a metric of the evaluation");
        root.NothingElse();
        return settings;
    }

    private static DataSettings Data(SettingsNode node, string folder)
    {
        var train = node.Objects("train").Select(source => Source(source, folder)).ToArray();
        if (train.Length == 0) node.Mistake("train", "expected at least one source of rows, {\"file\": …}, found none");
        var heldOut = node.Object("heldOut");
        var data = new DataSettings
        {
            Train = train,
            HeldOut = heldOut.Exists ? Source(heldOut, folder) : null,
            Prompt = node.Text("prompt") ?? "question",
            SystemMessage = node.Text("system"),
            SkipBadRows = node.Choice("badRows", "stop", "skip") == "skip",
        };
        node.NothingElse();
        return data;
    }

    private static SourceSettings Source(SettingsNode node, string folder)
    {
        var written = node.RequiredText("file");
        var file = Whole(folder, written);
        var source = new SourceSettings(
            file, written, node.Path, node.Text("name") ?? Path.GetFileNameWithoutExtension(file), node.Number("weight", above: true) ?? 1,
            node.Lists("columns"),
            node.Choice("frame", "picture", "model", "thousandths", "shares"))
        {
            MarkersAsText = node.Choice("markers", "place", "text") == "text",
            PicturesWithin = node.Text("picturesWithin") is { Length: > 0 } within ? Whole(folder, within) : null,
        };
        node.NothingElse();
        return source;
    }

    private static TrainingSettings Training(SettingsNode node)
    {
        var training = new TrainingSettings
        {
            Steps = node.Whole("steps") ?? 100,
            PromptsPerStep = node.Whole("promptsPerStep"),
            GroupSize = node.Whole("groupSize"),
            MaxNewTokens = node.Whole("maxNewTokens"),
            MaxPromptTokens = node.Whole("maxPromptTokens"),
            MaxLabelTokens = node.Whole("maxLabelTokens"),
            MicroBatchTokens = node.Whole("microBatchTokens"),
            UpdatesPerRollout = node.Whole("updatesPerRollout"),
            LearningRate = node.Number("learningRate", above: true),
            Schedule = node.Choice("schedule", "constant", "linear", "cosine"),
            WarmUp = node.Whole("warmUp", least: 0) ?? 0,
            WeightDecay = node.Number("weightDecay"),
            MaxGradientNorm = node.Number("maxGradientNorm", above: true),
            KlCoefficient = node.Number("klCoefficient"),
            Temperature = node.Number("temperature", above: true),
            RightFrom = node.Number("rightFrom"),
            RecomputeLayers = node.Switch("recomputeLayers") ?? false,
        };
        node.NothingElse();
        return training;
    }

    private static LoraSettings? Lora(SettingsNode node)
    {
        if (!node.Exists) return null;
        var rank = node.Whole("rank") ?? 16;
        var targets = node.Texts("targets");
        var lora = new LoraSettings(
            rank, node.Number("alpha", above: true) ?? 2.0 * rank, node.Number("dropout", most: Math.BitDecrement(1.0)) ?? 0,
            targets.Count > 0 ? targets : ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]);
        node.NothingElse();
        return lora;
    }

    private static CheckpointSettings Checkpoints(SettingsNode node)
    {
        var checkpoints = new CheckpointSettings(
            node.Whole("every", least: 0) ?? 50, node.Whole("keepLast") ?? 2, node.Text("best"), node.Choice("bestIs", "highest", "lowest") == "lowest");
        node.NothingElse();
        return checkpoints;
    }

    private static EvaluationSettings Evaluation(SettingsNode node)
    {
        var evaluation = new EvaluationSettings(
            node.Whole("every", least: 0) ?? 0, node.Whole("rows"), node.Whole("answers") ?? 1, node.Number("temperature") ?? 0);
        node.NothingElse();
        return evaluation;
    }

    private static WatchSettings Watch(SettingsNode node)
    {
        var watch = new WatchSettings(
            node.Switch("jsonLines") ?? true, node.Switch("tensorBoard") ?? false, node.Switch("report") ?? true, node.Whole("reportEvery") ?? 10);
        node.NothingElse();
        return watch;
    }

    private static string Whole(string folder, string path) => path.Length == 0 ? path : Path.GetFullPath(Path.Combine(folder, path));
}
