using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Evaluation;

/// <summary>
/// Predictions as JSON Lines, one example a line: <c>id</c>, <c>source</c>, <c>images</c> (paths or names), <c>prompt</c> (chat messages),
/// <c>label</c> (kind and value, or null) and <c>answers</c> (<c>text</c>, <c>finish_reason</c>, <c>tokens</c>: their number). A suite says the same of
/// what is read as of what was written, without a model and without pictures.
/// </summary>
/// <remarks>Every line leaves the process when it is written, so an evaluation that is interrupted leaves what it has done.</remarks>
public sealed class PredictionFile : IDisposable
{
    private readonly StreamWriter _writer;
    private readonly LabelCodec _labels;
    private readonly HashSet<(string Source, string Id)> _written = [];

    private PredictionFile(StreamWriter writer, LabelCodec labels) => (_writer, _labels) = (writer, labels);

    /// <summary>Opens a file to write; what was there is replaced.</summary>
    /// <param name="path">The file; its folder is made when it is not there.</param>
    /// <param name="ownKinds">Kinds of labels of your own.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="InvalidDataException">A folder, a pipe or a device is there.</exception>
    public static PredictionFile Create(string path, params IReadOnlyList<LabelKind> ownKinds)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(Guard.NotBlank(path))) is { } folder) Directory.CreateDirectory(folder);
        return new PredictionFile(new StreamWriter(RegularFile.Ensure(path), append: false, Utf8()) { AutoFlush = true, NewLine = "\n" },
            new LabelCodec(ownKinds));
    }

    /// <summary>Writes one example: hand it to <c>Evaluator.Run</c> to see each as it is answered.</summary>
    /// <exception cref="ArgumentException">The example was written already, or its label is of a kind that is not known or holds a number that JSON has not.</exception>
    public void Write(EvaluatedExample example)
    {
        Guard.NotNull(example);
        if (!_written.Add((example.Source, example.Example.Id)))
            throw new ArgumentException($"Expected every example once, got '{example.Example.Id}' of source '{example.Source}' again. "
                + "Rows of several data sets need a source (Evaluator.SourceOf).", nameof(example));
        _writer.WriteLine(PredictionLine.Write(example, _labels));
    }

    /// <summary>Writes all of them to a file.</summary>
    /// <inheritdoc cref="Create"/>
    public static void WriteAll(string path, IEnumerable<EvaluatedExample> examples, params IReadOnlyList<LabelKind> ownKinds)
    {
        using var file = Create(path, ownKinds);
        foreach (var example in Guard.NotNull(examples)) file.Write(example);
    }

    /// <summary>Reads a file. Token ids and log-probabilities are not kept, only how many tokens an answer has; pictures are named, not opened.</summary>
    /// <param name="path">UTF-8 text.</param>
    /// <param name="ownKinds">Those it was written with.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// A line is not a prediction, or an example is there twice; the message gives file and line (from 1). Or a pipe or a device is there.
    /// </exception>
    public static IReadOnlyList<EvaluatedExample> Read(string path, params IReadOnlyList<LabelKind> ownKinds)
    {
        if (!File.Exists(Guard.NotBlank(path))) throw new FileNotFoundException($"Expected predictions at '{path}', found no such file.", path);
        var labels = new LabelCodec(ownKinds);
        var examples = new List<EvaluatedExample>();
        var lines = new Dictionary<(string Source, string Id), int>();
        using var reader = new StreamReader(RegularFile.Ensure(path), Utf8());
        for (var number = 1; Line(reader, path, number) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var example = PredictionLine.Read(line, $"{path}:{number}", labels);
            if (!lines.TryAdd((example.Source, example.Example.Id), number))
                throw new InvalidDataException(
                    $"{path}:{number}: expected every example once, but '{example.Example.Id}' of source '{example.Source}' is on line {lines[(example.Source, example.Example.Id)]} too. Remove one line.");
            examples.Add(example);
        }
        return examples;
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static string? Line(StreamReader reader, string path, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}: expected UTF-8 text, found other bytes at line {number} or soon after. Convert the file.", e);
        }
    }

    private static UTF8Encoding Utf8() => new(false, throwOnInvalidBytes: true);
}
