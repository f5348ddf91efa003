namespace ViSurf.Core.Data;

/// <summary>Several answers that are all right (document and text questions); a reward takes the best match.</summary>
/// <param name="Accepted">At least one; the first is written as the label.</param>
public sealed record AnswersTarget(IReadOnlyList<string> Accepted) : Target
{
    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">There is no accepted answer.</exception>
    public override string Serialize(LabelFormat format)
        => Accepted.Count > 0 ? Accepted[0] : throw new InvalidDataException("Expected at least one accepted answer, got none.");
}
