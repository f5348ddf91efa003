namespace Quickstart;

/// <summary>The numbers of the post-training run. A model of 1.6 M parameters takes a larger step than the paper's 7 B (1e-6).</summary>
internal static class Recipe
{
    public const int Steps = 90;
    public const int WarmUp = 5;
    public const int PromptsPerStep = 16;
    public const int GroupSize = 8;
    public const int MaxNewTokens = 96;
    public const double LearningRate = 5e-4;
    public const double OverlapWeight = 2;
}
