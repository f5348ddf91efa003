using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Turns a data row's question into the text the policy is asked.</summary>
public static class PromptTemplate
{
    /// <summary>What <see cref="Parse"/> replaces.</summary>
    public const string Placeholder = "{question}";

    /// <summary>A template with <c>{question}</c> in it, once or more often; other braces stay as they are.</summary>
    /// <exception cref="ArgumentException">The placeholder does not occur.</exception>
    public static Func<string, string> Parse(string template)
    {
        Guard.NotNull(template);
        return template.Contains(Placeholder, StringComparison.Ordinal)
            ? question => template.Replace(Placeholder, question, StringComparison.Ordinal)
            : throw new ArgumentException($"Expected the template to contain {Placeholder}, got '{template}'.", nameof(template));
    }

    /// <summary>
    /// Asks for boxes and points of everything that fits a description: reasoning in think tags, then a JSON list in answer tags, in
    /// the form of VisionReasoner and ViSurf. The example has blanks after commas and colons, as <see cref="LabelFormat"/> writes labels.
    /// </summary>
    /// <remarks>
    /// Our own wording of the substance of VisionReasoner's prompt; a checkpoint trained on the original asks for the original. It names no
    /// unit of coordinates, because families differ: <c>encoder.GroundingPrompt</c> of a Qwen-VL encoder names its own.
    /// </remarks>
    public static string Grounding(string question) => Ask(question, "");

    /// <summary><see cref="Grounding(string)"/>, with the unit of the coordinates.</summary>
    /// <param name="question">What to find.</param>
    /// <param name="unit">For example "in pixels".</param>
    public static string Grounding(string question, string unit) => Ask(question, $", {Guard.NotBlank(unit)}");

    private static string Ask(string question, string unit) =>
        $$"""
        Find "{{question}}" in the picture with a bounding box and a point per object.
        Compare the candidates with each other and keep those that fit best.
        Write your reasoning between <think> and </think>, then the result between <answer> and </answer>: a JSON list with the box and a point inside it for every object{{unit}}, or [] when nothing fits. For example:
        <think> reasoning </think><answer>[{"bbox_2d": [10, 100, 200, 210], "point_2d": [30, 110]}, {"bbox_2d": [225, 296, 706, 786], "point_2d": [302, 410]}]</answer>
        """;

    /// <summary>Asks for a short answer in answer tags after reasoning in think tags.</summary>
    public static string ShortAnswer(string question) =>
        $"""
        {question}
        Write your reasoning between <think> and </think>, then the answer alone between <answer> and </answer>.
        """;
}
