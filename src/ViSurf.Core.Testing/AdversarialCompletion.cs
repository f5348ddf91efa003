namespace ViSurf.Core.Testing;

/// <summary>What an adversarial completion tries.</summary>
public enum AdversarialKind
{
    /// <summary>Says nothing: no text, or tags around nothing.</summary>
    Empty,

    /// <summary>Gives the question back.</summary>
    CopiedPrompt,

    /// <summary>Has the form of an answer and no knowledge: all choices at once, boxes everywhere, words to a judge.</summary>
    Farming,

    /// <summary>Uses the label's text in another way than as the answer: in the thoughts only, cut, repeated.</summary>
    CopiedLabel,

    /// <summary>Malformed, odd or huge in its numbers, nesting or characters.</summary>
    Malformed,

    /// <summary>A megabyte of something.</summary>
    Long,
}

/// <summary>A completion that a policy in training may come up with.</summary>
/// <param name="Name">What it is, for reports.</param>
/// <param name="Kind">What it tries.</param>
/// <param name="Text">Its text.</param>
public sealed record AdversarialCompletion(string Name, AdversarialKind Kind, string Text);
