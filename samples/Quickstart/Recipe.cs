namespace Quickstart;

/// <summary>
/// The numbers of the post-training run. A model of 1.6 M parameters takes a larger step than the paper's 7 B (1e-6), but not a large one: its boxes are
/// nearly exact before, and at 1e-4 it learns what is not there at the price of some of them.
/// </summary>
internal static class Recipe
{
    public const int Steps = 200;
    public const int WarmUp = 5;
    public const int PromptsPerStep = 16;
    public const int GroupSize = 8;
    public const int MaxNewTokens = 96;
    public const double LearningRate = 4e-5;

    /// <summary>
    /// A box that is off by one cell of the picture's grid loses about a tenth of its overlap. That has to weigh more than the point for thinking, or
    /// rollouts that think and are off would beat the exact label, which has no thoughts, and switch it off.
    /// </summary>
    public const double OverlapWeight = 12;
}
