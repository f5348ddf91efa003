namespace Quickstart;

/// <summary>The numbers of the post-training run. A model of 1.6 M parameters takes a much larger step than the paper's 7 B (1e-6).</summary>
internal static class Recipe
{
    public const int Steps = 150;
    public const int WarmUp = 5;
    public const int PromptsPerStep = 16;
    public const int GroupSize = 8;
    public const int MaxNewTokens = 96;
    public const double LearningRate = 2e-4;

    /// <summary>
    /// A box that is off by one cell of the picture's grid loses about a tenth of its overlap. That has to weigh about as much as the point for thinking,
    /// or rollouts that think and are off would beat the exact label, which has no thoughts, and switch it off.
    /// </summary>
    public const double OverlapWeight = 6;
}
