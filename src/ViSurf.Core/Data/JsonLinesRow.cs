using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>One line of a JSON Lines file to one example; errors start with the place.</summary>
/// <param name="folder">What image paths are relative to.</param>
/// <param name="options">Prompt and label policy.</param>
internal sealed class JsonLinesRow(string folder, JsonLinesOptions options)
{
    public VisionExample Read(string line, string place)
    {
        var row = Parse(line, place);
        // Outside Parse: what the user's template throws is not an error of the row.
        var example = VisionExample.Ask(row.Id, options.Prompt(row.Question), row.Label, row.Images);
        return options.SystemMessage is { } system
            ? example with { Turns = [ChatTurn.System(system), .. example.Turns] }
            : example;
    }

    private (string Id, string Question, Target? Label, ImageSource[] Images) Parse(string line, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{place}: expected one JSON object per line, got {row.ValueKind}.");
            var id = Id(row, place);
            place = $"{place} (id '{id}')";
            return (id, Question(row, place), Label(row, place), Images(row, place));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{place}: expected one JSON object per line: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // The reader says so for a text with half a surrogate pair.
            throw new InvalidDataException($"{place}: expected valid Unicode text: {e.Message}", e);
        }
    }

    private static string Question(JsonElement row, string place)
    {
        var question = Text(row, "problem", place) ?? Text(row, "question", place);
        return string.IsNullOrWhiteSpace(question)
            ? throw new InvalidDataException($"{place}: expected a question under \"problem\" or \"question\", found none. Add it.")
            : question;
    }

    private static string Id(JsonElement row, string place)
    {
        var id = row.TryGetProperty("id", out var element) ? Scalar(element) : null;
        return string.IsNullOrWhiteSpace(id)
            ? throw new InvalidDataException($"{place}: expected a text or a number under \"id\", found none. Give every row its own id.")
            : id;
    }

    private ImageSource[] Images(JsonElement row, string place)
    {
        string?[] paths;
        if (row.TryGetProperty("images", out var list) && list.ValueKind == JsonValueKind.Array)
            paths = list.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString() : null).ToArray();
        else if (row.TryGetProperty("image", out var single) && single.ValueKind == JsonValueKind.String)
            paths = [single.GetString()];
        else
            throw new InvalidDataException(
                $"{place}: expected a path under \"image\" or a list of paths under \"images\", found neither. " +
                "A row without pictures says so with \"images\": [].");
        return paths.Select(path =>
        {
            if (string.IsNullOrWhiteSpace(path))
                throw new InvalidDataException($"{place}: expected every image to be a path, got a blank or something that is not a text.");
            var full = Path.Combine(folder, path);
            return File.Exists(full)
                ? ImageSource.FromFile(full)
                : throw new InvalidDataException($"{place}: expected the picture '{path}' at '{full}', found no such file.");
        }).ToArray();
    }

    private Target? Label(JsonElement row, string place)
    {
        var hasSolution = row.TryGetProperty("solution", out var solution) && solution.ValueKind != JsonValueKind.Null;
        var hasAnswer = row.TryGetProperty("answer", out var answer) && answer.ValueKind != JsonValueKind.Null;
        if (hasSolution && hasAnswer)
            throw new InvalidDataException($"{place}: expected one label, found \"solution\" and \"answer\". Remove one.");
        if (hasSolution) return Grounding(solution, place);
        if (hasAnswer)
        {
            return Scalar(answer) is { } text && !string.IsNullOrWhiteSpace(text)
                ? new TextTarget(text)
                : throw new InvalidDataException($"{place}: expected a text or a number under \"answer\", got {answer.ValueKind} {Quote(answer)}.");
        }
        return options.RequireLabel
            ? throw new InvalidDataException(
                $"{place}: expected a label under \"solution\" or \"answer\", found none. Add it, or load with RequireLabel = false.")
            : null;
    }

    private static GroundingTarget Grounding(JsonElement solution, string place)
    {
        GroundingTarget target;
        try
        {
            target = GroundingTarget.Parse(solution.ValueKind == JsonValueKind.String ? solution.GetString()! : solution.GetRawText());
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{place}: bad \"solution\". {e.Message} A label in words goes under \"answer\".", e);
        }
        for (var i = 0; i < target.Objects.Count; i++)
        {
            var (box, point) = (target.Objects[i].Box, target.Objects[i].Point);
            double[] numbers = [box.X1, box.Y1, box.X2, box.Y2, point.X, point.Y];
            if (Array.Exists(numbers, n => !double.IsFinite(n) || n < 0))
                throw new InvalidDataException(
                    $"{place}: expected coordinates from 0 up in object {i} of \"solution\", got {box} and {point}. They are pixels of the picture.");
            if (box.X2 < box.X1 || box.Y2 < box.Y1)
                throw new InvalidDataException(
                    $"{place}: expected x1 <= x2 and y1 <= y2 in object {i} of \"solution\", got {box}. The box is reversed, or its last two numbers are a width and a height.");
        }
        return target;
    }

    private static string? Text(JsonElement row, string key, string place)
    {
        if (!row.TryGetProperty(key, out var element) || element.ValueKind == JsonValueKind.Null) return null;
        return element.ValueKind == JsonValueKind.String
            ? element.GetString()
            : throw new InvalidDataException($"{place}: expected a text under \"{key}\", got {element.ValueKind} {Quote(element)}.");
    }

    private static string? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText(),
        _ => null,
    };

    private static string Quote(JsonElement element)
    {
        var raw = element.GetRawText();
        return raw.Length <= 60 ? raw : raw[..60] + "…";
    }
}
