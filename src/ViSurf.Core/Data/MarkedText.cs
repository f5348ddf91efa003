using System.Text.RegularExpressions;

namespace ViSurf.Core.Data;

/// <summary>Texts of a row to turns of a conversation: pictures stand where the markers are.</summary>
/// <remarks>
/// A text is split at the marker and nothing else of it changes, as in EasyR1's <c>RLHFDataset._build_messages</c>; markers and pictures
/// must agree in number, as in LLaMA-Factory's <c>_validate_messages</c>.
/// </remarks>
internal static partial class MarkedText
{
    /// <summary>A question about pictures, with an optional system message before it.</summary>
    /// <param name="system">Null for none.</param>
    /// <param name="question">The whole prompt.</param>
    /// <param name="pictures">Pictures of the row.</param>
    /// <param name="markers">What markers are.</param>
    /// <param name="asText">What makes text of markers, for messages.</param>
    /// <exception cref="FormatException">More or fewer markers than pictures, or one of something that is no picture.</exception>
    public static IReadOnlyList<ChatTurn> Turns(string? system, string question, int pictures, MediaMarkers markers, string asText)
    {
        var marked = markers == MediaMarkers.Place ? Checked([system, question], pictures, asText) : null;
        var before = marked is null ? Enumerable.Repeat(ChatPart.Image, pictures) : [];
        ChatTurn asked = new("user", [.. before, .. Parts(question, marked)]);
        return system is null ? [asked] : [new ChatTurn("system", Parts(system, marked)), asked];
    }

    /// <summary>The pattern that the texts mark pictures with; null where they mark none.</summary>
    private static Regex? Checked(string?[] texts, int pictures, string asText)
    {
        foreach (var text in texts.OfType<string>())
        {
            if (NoPicture().Match(text) is { Success: true } other)
                throw new FormatException(
                    $"Expected pictures alone, got the marker {other.Value}: videos and sound are not read. "
                    + $"Write frames of the video as pictures, with <image> for each, drop the row, or {asText}.");
            if (NamedInside().IsMatch(text))
                throw new FormatException($"Expected <image> where a picture stands and its path in a column, "
                    + $"got a path between <img> and </img>. Move it there, or {asText}.");
        }
        // A picture as the chat template itself writes it marks a place only where there is a picture to put there.
        var pattern = pictures > 0 ? ImageOrRendered() : Image();
        var found = texts.OfType<string>().Sum(text => pattern.Count(text));
        if (found == 0) return null;
        return found == pictures ? pattern : throw new FormatException(
            $"Expected as many markers <image> as pictures, {pictures}, got {found}. "
            + $"{(found > pictures ? "Add the pictures that are missing, or remove markers" : "Add markers, remove all of them (then pictures come first)")}, or {asText}.");
    }

    private static List<ChatPart> Parts(string text, Regex? marked)
    {
        if (marked is null) return [text];
        var parts = new List<ChatPart>();
        var at = 0;
        foreach (var marker in marked.EnumerateMatches(text))
        {
            Add(text[at..marker.Index]);
            parts.Add(ChatPart.Image);
            at = marker.Index + marker.Length;
        }
        Add(text[at..]);
        return parts;

        void Add(string piece)
        {
            if (piece.Length > 0) parts.Add(piece);
        }
    }

    [GeneratedRegex("<image>")]
    private static partial Regex Image();

    [GeneratedRegex(@"<image>|<\|vision_start\|><\|image_pad\|><\|vision_end\|>")]
    private static partial Regex ImageOrRendered();

    [GeneratedRegex("<video>|<audio>")]
    private static partial Regex NoPicture();

    [GeneratedRegex("<img>[^<>]+</img>")]
    private static partial Regex NamedInside();
}
