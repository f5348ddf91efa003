namespace ViSurf.Core.Data;

/// <summary>
/// How a label is written so that it looks like a rollout ("align the label with rollout preference", ViSurf §3.3, first strategy):
/// the same characters give the same tokens, and the policy is not pulled towards a foreign form.
/// </summary>
public sealed record LabelFormat
{
    /// <summary>Between the elements of a JSON list and the members of an object.</summary>
    /// <value>", ": what Python's <c>json.dumps</c> and the published ViSurf checkpoints write. "," is the compact form.</value>
    public string ItemSeparator { get; init; } = ", ";

    /// <summary>Between a JSON key and its value.</summary>
    /// <value>": ", as Python's <c>json.dumps</c> writes. ":" is the compact form.</value>
    public string KeySeparator { get; init; } = ": ";

    /// <summary>Written before the answer.</summary>
    /// <value>"&lt;answer&gt;": the VisionReasoner prompt asks for it. Empty for a policy that answers without tags.</value>
    public string Prefix { get; init; } = "<answer>";

    /// <summary>Written after the answer, before the end-of-turn token.</summary>
    /// <value>"&lt;/answer&gt;".</value>
    public string Suffix { get; init; } = "</answer>";

    /// <summary>JSON without blanks, in answer tags.</summary>
    public static LabelFormat Compact { get; } = new() { ItemSeparator = ",", KeySeparator = ":" };

    /// <summary>The bare answer, without tags.</summary>
    public static LabelFormat Bare { get; } = new() { Prefix = "", Suffix = "" };

    /// <summary>The whole label text: prefix, serialised target, suffix; no think block (a label has no trace).</summary>
    public string Write(Target target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Prefix + target.Serialize(this) + Suffix;
    }
}
