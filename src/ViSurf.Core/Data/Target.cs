namespace ViSurf.Core.Data;

/// <summary>The ground truth of an example: something a reward can check and that can be written as the policy would write it.</summary>
/// <remarks>The one type of the library that users extend by inheritance: a new kind of label is a new record.</remarks>
public abstract record Target
{
    /// <summary>The answer alone (no tags, no end-of-turn token) in the given form.</summary>
    /// <param name="format">How the policy writes; see <see cref="LabelFormat"/>.</param>
    public abstract string Serialize(LabelFormat format);

    /// <summary>The same answer with its coordinates in another frame, as when the picture is resized.</summary>
    /// <returns>This target where it has no coordinates, which is what a kind that does not override it says.</returns>
    public virtual Target Rescale(FrameScale scale) => this;
}

/// <summary>An answer in words or numbers: compared as text.</summary>
/// <param name="Text">The answer.</param>
public sealed record TextTarget(string Text) : Target
{
    /// <inheritdoc/>
    public override string Serialize(LabelFormat format) => Text;
}
