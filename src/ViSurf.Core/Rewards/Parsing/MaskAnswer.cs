using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Reads masks that a policy writes as COCO run lengths.</summary>
public static class MaskAnswer
{
    /// <summary>
    /// The mask <c>{"size": [height, width], "counts": …}</c> of the answer block or the bare text; counts may be a list or COCO's compressed
    /// text. null when it is malformed or its runs do not fill the size. Linear; never throws.
    /// </summary>
    public static RunLengthMask? FromText(string text, bool acceptBareText = true)
    {
        if (!AnswerText.TryFind(text, acceptBareText, out var answer)) return null;
        var members = new Dictionary<string, FlatValue>(StringComparer.Ordinal);
        if (!FlatJson.ReadObject(AnswerText.Unfenced(answer), members)) return null;
        if (!members.TryGetValue("size", out var size) || size is not { Whole: true, Numbers: [var height, var width] }) return null;
        if (!(height >= 1 && height <= int.MaxValue && width >= 1 && width <= int.MaxValue)) return null;
        var counts = members.TryGetValue("counts", out var value) ? Counts(value) : null;
        return counts is null || RunLengthMask.Problem((long)height, (long)width, counts) is not null
            ? null
            : new RunLengthMask((int)height, (int)width, counts);
    }

    private static IReadOnlyList<long>? Counts(FlatValue value)
    {
        if (value.Text is { } text) return RunLengthMask.Decompress(text);
        return value is { Whole: true, Numbers: { } numbers } && numbers.All(n => n >= 0 && n < 1L << 62) ? numbers.Select(n => (long)n).ToArray() : null;
    }
}
