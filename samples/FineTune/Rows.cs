using FineTune.Settings;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.QwenVl;

namespace FineTune;

/// <summary>The rows of the settings' files; what is opened here is closed by <see cref="Dispose"/>.</summary>
internal sealed class Rows(FineTuneSettings settings, QwenPromptEncoder encoder) : IDisposable
{
    private readonly List<IDisposable> _open = [];
    private readonly Dictionary<SourceSettings, IExampleSource> _sources = [];

    /// <summary>A file as a source, or all files that a name with * means, one after the other; opened once, however often it is asked for.</summary>
    public IExampleSource Open(SourceSettings source)
    {
        if (!_sources.TryGetValue(source, out var opened)) _sources.Add(source, opened = OpenAll(source));
        return opened;
    }

    /// <summary>All training files, shuffled and mixed by weight, labels in the model's frame.</summary>
    /// <param name="skipped">Rows to pass over, by file.</param>
    public IExampleStream Stream(IReadOnlyDictionary<SourceSettings, IReadOnlySet<long>> skipped)
    {
        var streams = settings.Data.Train.Select((source, i) => new WeightedStream(
            source.Name, new ShuffledStream(Open(source), settings.Seed + i) { Skip = skipped[source] }, source.Weight)).ToArray();
        IExampleStream all = streams is [var one] ? one.Stream : new MixedStream(settings.Seed, streams);
        return all.Select(encoder.InModelFrame);
    }

    /// <summary>The held-out rows, in the file's order.</summary>
    public IReadOnlyList<VisionExample> HeldOut()
    {
        if (settings.Data.HeldOut is not { } held) throw new InvalidDataException("Expected data.heldOut in the settings: there are no rows to evaluate on.");
        var source = Open(held);
        var rows = Enumerable.Range(0, source.Blocks.Count).SelectMany(source.Read);
        VisionExample[] examples = [.. rows.Take(settings.Evaluation.Rows ?? int.MaxValue).Select(encoder.InModelFrame)];
        return examples.Length > 0 ? examples : throw new InvalidDataException($"Expected rows to evaluate on in data.heldOut, found none in '{held.File}'.");
    }

    public void Dispose()
    {
        foreach (var file in _open) file.Dispose();
    }

    private IExampleSource OpenAll(SourceSettings source)
    {
        var files = Files(source.File).Select(file => OpenFile(file, source)).ToArray();
        return files is [var one] ? one : new JoinedSource(source.Name, files);
    }

    private static string[] Files(string file)
    {
        var (folder, name) = (Path.GetDirectoryName(file)!, Path.GetFileName(file));
        if (!name.Contains('*')) return [file];
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, name) : [];
        if (files.Length == 0) throw new FileNotFoundException($"Expected files '{file}', found none.", file);
        return [.. files.Order(StringComparer.Ordinal)];
    }

    /// <summary>Parquet by its ending, JSON Lines otherwise.</summary>
    private IExampleSource OpenFile(string file, SourceSettings source)
    {
        var options = new RowOptions
        {
            Prompt = Prompt(), SystemMessage = settings.Data.SystemMessage, Columns = Columns(source), SourceName = source.Name,
            LabelFrame = Frame(source), Advice = Advice(source),
            Markers = source.MarkersAsText ? MediaMarkers.Text : MediaMarkers.Place, PicturesWithin = source.PicturesWithin,
        };
        IExampleSource opened = Path.GetExtension(file).Equals(".parquet", StringComparison.OrdinalIgnoreCase)
            ? ParquetSource.Open(file, options) : JsonLinesSource.Open(file, options);
        if (opened is IDisposable owned) _open.Add(owned);
        return opened;
    }

    /// <summary>Who writes settings is told their keys.</summary>
    private RowAdvice Advice(SourceSettings source)
    {
        var key = $"{source.Key}.columns";
        return new RowAdvice(key, key, $"set {key}.id to [] to have rows numbered", "an empty list, [], says that rows have none",
            MarkersAsText: $"set {source.Key}.markers to \"text\" to take markers for text",
            PicturesWithin: $"name the folder that holds their pictures in {source.Key}.picturesWithin (\"/\" allows every place)")
        {
            Shares = $"{source.Key}.frame: \"shares\"",
        };
    }

    /// <summary>Null: what the rows' own columns say, or else pixels of the picture.</summary>
    private static FrameSize? Frame(SourceSettings source) => source.Frame switch
    {
        "model" => FrameSize.OfModel,
        "thousandths" => FrameSize.Thousandths,
        "shares" => FrameSize.Shares,
        _ => null,
    };

    private Func<string, string> Prompt() => settings.Data.Prompt switch
    {
        "question" => question => question,
        "grounding" => encoder.GroundingPrompt,
        "answer" => PromptTemplate.ShortAnswer,
        var template => PromptTemplate.Parse(template),
    };

    private static ColumnMap Columns(SourceSettings source)
    {
        var map = new ColumnMap();
        foreach (var (what, names) in source.Columns)
            map = what switch
            {
                "id" => map with { Id = names },
                "question" => map with { Question = AtLeastOne(what, names) },
                "images" => map with { Images = names },
                "width" => map with { Width = One(what, names) },
                "height" => map with { Height = One(what, names) },
                "source" => map with { Source = One(what, names) },
                _ => LabelColumn.Default.FirstOrDefault(label => label.Name == what) is { } label
                    ? map with { Labels = [.. AtLeastOne(what, names).Select(name => label with { Name = name })] }
                    : throw new InvalidDataException($"{source.Key}.columns: expected id, question, images, width, height, source or one of the labels "
                        + $"{string.Join(", ", LabelColumn.Default.Select(l => l.Name))}, got \"{what}\"."),
            };
        return map;

        IReadOnlyList<string> AtLeastOne(string what, IReadOnlyList<string> names)
            => names.Count > 0 ? names
                : throw new InvalidDataException($"{source.Key}.columns.{what}: expected the name of a column, got an empty list.");

        string One(string what, IReadOnlyList<string> names)
            => names is [var name] ? name
                : throw new InvalidDataException($"{source.Key}.columns.{what}: expected one column, got {names.Count}.");
    }
}
