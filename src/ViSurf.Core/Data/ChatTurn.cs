using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>A piece of a chat turn: a text, or the place of the example's next image.</summary>
public sealed record ChatPart
{
    private ChatPart(string? text) => Text = text;

    /// <summary>The text, or null for an image.</summary>
    public string? Text { get; }

    /// <summary>Whether this is the place of an image.</summary>
    public bool IsImage => Text is null;

    /// <summary>The place of the next image of <see cref="VisionExample.Images"/>, in order of appearance.</summary>
    public static ChatPart Image { get; } = new((string?)null);

    /// <summary>A text.</summary>
    public static ChatPart OfText(string text) => new(Guard.NotNull(text));

    /// <summary>A text is a part.</summary>
    public static implicit operator ChatPart(string text) => OfText(text);
}

/// <summary>One message of the conversation.</summary>
/// <param name="Role">"system", "user" or "assistant", as the chat template spells it.</param>
/// <param name="Parts">Texts and image places in reading order.</param>
public sealed record ChatTurn(string Role, IReadOnlyList<ChatPart> Parts)
{
    /// <summary>A system message.</summary>
    public static ChatTurn System(string text) => new("system", [text]);

    /// <summary>A user message of texts and images.</summary>
    public static ChatTurn User(params ChatPart[] parts) => new("user", parts);

    /// <summary>An assistant message, for prompts that hold earlier turns.</summary>
    public static ChatTurn Assistant(string text) => new("assistant", [text]);
}
